// The policy host loads JavaScript only; from here on Node strips the types.
import "./pack.ts";

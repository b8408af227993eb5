/** The list of rooms with one more line. */
import { rooms as real } from "../../../components/index.ts";
import { weather } from "./weather/service.ts";

export const rooms = { ...real, weather };

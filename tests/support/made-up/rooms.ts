/** The list of rooms with one more line. */
import { rooms as real } from "../../../components/index.ts";
import { weather } from "./weather/service.ts";

const { census, ...others } = real;

export const rooms = { ...others, weather, census: { ...census, hops: {} } };

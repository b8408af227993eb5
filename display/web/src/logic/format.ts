/** Numbers and times as the pages write them. Times are UTC, as everywhere on the platform. */

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 5 });
const MINUS = "\u2212";

function withMinus(text: string): string {
  return text.replace("-", MINUS);
}

/** A figure with five significant digits, or all digits before the decimal point: `0.49213`, `1,234,567`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-4)) return withMinus(value.toExponential(3));
  // Rounded first, so that no "−0" is left of a small negative number.
  return withMinus((size >= 10_000 ? whole : precise).format(value === 0 ? 0 : value));
}

/** A figure with its unit; an em dash for none. */
export function formatFigure(value: number | null, unit: string | null = null): string {
  if (value === null) return "–";
  return unit === null ? formatNumber(value) : `${formatNumber(value)} ${unit}`;
}

export function formatCount(count: number): string {
  return whole.format(count);
}

/** `12:40:03` */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  return Number.isFinite(date.getTime()) ? date.toISOString().slice(11, 19) : "–";
}

/** `21 Nov 2026, 12:40:03 UTC` */
export function formatInstant(ms: number): string {
  const date = new Date(ms);
  if (!Number.isFinite(date.getTime())) return "–";
  const [, month = ""] = /^\w+, \d+ (\w+)/.exec(date.toUTCString()) ?? [];
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${formatTime(ms)} UTC`;
}

/** How long something took or is ago, coarse: `3 s`, `4 min`, `2 h`, `3 days`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** Entry of the select of minutes. */
export function minutesOption(minutes: string): string {
  const count = Number(minutes);
  if (!Number.isInteger(count) || count < 1) return minutes;
  if (count < 60) return count === 1 ? "1 minute" : `${count} minutes`;
  if (count % 60 !== 0) return `${count} minutes`;
  return count === 60 ? "1 hour" : `${count / 60} hours`;
}

/** Geometry of horizontal bars with whiskers of the deviation. It knows numbers, not elements. */
import { scaleBand, scaleLinear } from "d3-scale";
import { type Box, tickFormat, type Tick } from "./time-chart.ts";
import { formatNumber } from "./format.ts";

export interface Bar {
  readonly name: string;
  readonly mean: number;
  /** Half the length of the whisker; `null`: none. */
  readonly deviation: number | null;
}

export interface DrawnBar {
  readonly name: string;
  /** Baseline of the name above the bar, in px. */
  readonly nameY: number;
  readonly box: Box;
  /** Path of a line with a cap at each end. */
  readonly whisker: string | null;
  /** The mean in words, at the right end of the name's line. */
  readonly value: string;
}

export interface BarDrawing {
  readonly width: number;
  readonly height: number;
  readonly plot: Box;
  readonly ticks: readonly Tick[];
  readonly bars: readonly DrawnBar[];
  readonly title: string;
}

const ROW_HEIGHT = 46;
const NAME_HEIGHT = 18;
const SIDE = 14;
const AXIS_HEIGHT = 44;
/** Half the height of a whisker's caps. */
const CAP = 4;

/** Where everything is in a chart of this width (px): each bar has its name above it, so that long names need no margin. */
export function drawBarChart(bars: readonly Bar[], title: string, width: number): BarDrawing {
  const plot = { x: SIDE, y: 4, width: Math.max(80, width - 2 * SIDE), height: bars.length * ROW_HEIGHT };
  const ends = bars.flatMap(({ mean, deviation }) => [mean - (deviation ?? 0), mean, mean + (deviation ?? 0)]);
  const values = scaleLinear([Math.min(0, ...ends), Math.max(0, ...ends) || 1], [plot.x, plot.x + plot.width]).nice(5);
  const rows = scaleBand(
    bars.map((_, index) => index),
    [plot.y, plot.y + plot.height],
  );
  const tickValues = values.ticks(Math.max(2, Math.min(8, Math.floor(plot.width / 80))));
  const format = tickFormat(tickValues);
  return {
    width,
    height: plot.y + plot.height + AXIS_HEIGHT,
    plot,
    ticks: tickValues.map((tick) => ({ at: round(values(tick)), label: format(tick) })),
    bars: bars.map(({ name, mean, deviation }, index): DrawnBar => {
      const top = rows(index) ?? 0;
      const boxTop = top + NAME_HEIGHT + 2;
      const height = ROW_HEIGHT - NAME_HEIGHT - 10;
      const [from, to] = [values(Math.min(0, mean)), values(Math.max(0, mean))];
      return {
        name,
        nameY: round(top + NAME_HEIGHT - 4),
        box: { x: round(from), y: round(boxTop), width: round(to - from), height },
        whisker:
          deviation === null ? null : whisker(values(mean - deviation), values(mean + deviation), boxTop + height / 2),
        value: deviation === null ? formatNumber(mean) : `${formatNumber(mean)} ± ${formatNumber(deviation)}`,
      };
    }),
    title,
  };
}

function whisker(from: number, to: number, y: number): string {
  const cap = (x: number): string => `M${round(x)} ${round(y - CAP)}V${round(y + CAP)}`;
  return `${cap(from)}${cap(to)}M${round(from)} ${round(y)}H${round(to)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

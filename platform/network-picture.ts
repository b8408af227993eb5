/** The edges of a network as a picture: a box per service, drawn in layers, each line to the port where it ends. */
import { type Box, layeredLayout, type Line, type Point } from "./layered-layout.ts";
import { type Edge, type End, endName } from "./network.ts";

const ROW = 16;
const HEAD = 22;
const PADDING = 10;
/** Width of a letter of the picture's font, at most. */
const LETTER = 6.9;
const MARGIN = 16;
/** Hues of lines, by the box where they end. */
const HUES = 8;
const API = "asks the API server";
const WORLD = "reaches outside the cluster";
const PUBLISHED = "published";

interface Row {
  readonly port: number;
  readonly text: string;
}

interface Card extends Box {
  readonly title: string;
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

const STYLE = `
svg { color-scheme: light dark; font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.paper { fill: #ffffff; } .box { fill: #f6f8fa; stroke: #8c959f; } .title { font-weight: 600; } text { fill: #1f2328; }
.row, .note { font-size: 10px; } .row { fill: #424a53; } .note { fill: #6e7781; }
path { fill: none; stroke-width: 1.2; } marker path { stroke: none; fill: context-stroke; }
.h0 { stroke: #0969da; } .h1 { stroke: #1a7f37; } .h2 { stroke: #bc4c00; } .h3 { stroke: #8250df; }
.h4 { stroke: #bf3989; } .h5 { stroke: #9a6700; } .h6 { stroke: #116f79; } .h7 { stroke: #57606a; }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; } .box { fill: #161b22; stroke: #6e7681; } text { fill: #e6edf3; }
.row { fill: #adbac7; } .note { fill: #8b949e; }
.h0 { stroke: #58a6ff; } .h1 { stroke: #56d364; } .h2 { stroke: #f0883e; } .h3 { stroke: #bc8cff; }
.h4 { stroke: #f778ba; } .h5 { stroke: #e3b341; } .h6 { stroke: #39c5cf; } .h7 { stroke: #8b949e; }
}`;

/** @param title What the picture shows, for those who can't see it. */
export function networkPicture(edges: readonly Edge[], title: string): string {
  const cards = cardsOf(edges);
  const { places, lines, width, height } = layeredLayout(cards, linesOf(edges, cards));
  const targets = [...new Set(lines.map(({ to }) => to))].sort();
  const hue = (id: string): number => targets.indexOf(id) % HUES;
  const size = `${width + 2 * MARGIN} ${height + 2 * MARGIN}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${size}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker>',
    `<rect class="paper" x="${-MARGIN}" y="${-MARGIN}" width="100%" height="100%"/>`,
    ...lines.map(({ to, title: words, points, isReversed }) => {
      const end = isReversed ? "marker-start" : "marker-end";
      return `<path class="h${hue(to)}" d="${curve(points)}" ${end}="url(#arrow)"><title>${escaped(words)}</title></path>`;
    }),
    ...cards.map((card) => drawn(card, places.get(card.id) ?? { x: 0, y: 0 })),
    "</svg>",
    "",
  ].join("\n");
}

/** What a box stands for: pods by their service, so that a picture has as many boxes as people know names. */
function idOf(end: End): string | undefined {
  if (end.kind === "pods") return end.service;
  return end.kind === "outside" ? endName(end) : undefined;
}

function cardsOf(edges: readonly Edge[]): Card[] {
  const ids = new Set(edges.flatMap(({ from, to }) => [idOf(from) ?? [], idOf(to) ?? []].flat()));
  return [...ids].sort().map((id) => {
    const entering = edges.filter(({ to }) => idOf(to) === id);
    const ports = [...new Set(entering.flatMap((edge) => edge.ports))].sort((one, other) => one - other);
    const rows = ports.map((port) => ({ port, text: rowText(port, entering) }));
    const asks = (kind: End["kind"]): boolean => edges.some(({ from, to }) => idOf(from) === id && to.kind === kind);
    const notes = [...(asks("apiServer") ? [API] : []), ...(asks("world") ? [WORLD] : [])];
    const longest = Math.max(...[id, ...notes, ...rows.map(({ text }) => text)].map((text) => text.length));
    return {
      id,
      title: id,
      notes,
      rows,
      width: Math.ceil(longest * LETTER) + 2 * PADDING,
      height: HEAD + (rows.length + notes.length) * ROW + (rows.length + notes.length > 0 ? 4 : 0),
    };
  });
}

/** A port with what is done there, and whether it is published. */
function rowText(port: number, entering: readonly Edge[]): string {
  const there = entering.filter(({ ports }) => ports.includes(port));
  const [why] = there.flatMap((edge) => (edge.from.kind === "published" ? [] : [edge.why]));
  const isPublished = there.some(({ from }) => from.kind === "published");
  return [`${port}`, ...(why === undefined ? [] : [why]), ...(isPublished ? [`(${PUBLISHED})`] : [])].join(" ");
}

function linesOf(edges: readonly Edge[], cards: readonly Card[]): Line[] {
  const lines = edges.flatMap((edge) => {
    const [from, to] = [idOf(edge.from), idOf(edge.to)];
    if (from === undefined || to === undefined || from === to) return [];
    const rows = cards.find(({ id }) => id === to)?.rows ?? [];
    return edge.ports.map((port): Line => {
      const row = rows.findIndex((one) => one.port === port);
      return { from, to, title: `${from} → ${to}: ${port}`, enterAt: HEAD + (row + 0.5) * ROW };
    });
  });
  return [...new Map(lines.map((line) => [line.title, line])).values()];
}

function curve(points: readonly Point[]): string {
  const [first = { x: 0, y: 0 }, ...rest] = points;
  let { x, y } = first;
  const parts = rest.map((point) => {
    const middle = rounded((x + point.x) / 2);
    const part =
      y === point.y
        ? `H${rounded(point.x)}`
        : `C${middle} ${rounded(y)} ${middle} ${rounded(point.y)} ${rounded(point.x)} ${rounded(point.y)}`;
    ({ x, y } = point);
    return part;
  });
  return [`M${rounded(first.x)} ${rounded(first.y)}`, ...parts].join("");
}

function drawn({ title, notes, rows, width, height }: Card, { x, y }: Point): string {
  const texts = [
    `<text class="title" x="${PADDING}" y="15">${escaped(title)}</text>`,
    ...rows.map(
      ({ text }, index) => `<text class="row" x="${PADDING}" y="${HEAD + index * ROW + 11}">${escaped(text)}</text>`,
    ),
    ...notes.map(
      (text, index) =>
        `<text class="note" x="${PADDING}" y="${HEAD + (rows.length + index) * ROW + 11}">${escaped(text)}</text>`,
    ),
  ];
  const box = `<rect class="box" width="${width}" height="${height}" rx="4"/>`;
  return `<g transform="translate(${rounded(x)} ${rounded(y)})">${box}${texts.join("")}</g>`;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

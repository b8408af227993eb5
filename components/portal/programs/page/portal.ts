/** Shows what `/platform` and `/state` say. All texts become text nodes: nothing of them is read as HTML. */
import type { Platform } from "../platform.ts";
import type { FiringAlert } from "../../../metrics/programs/alerts.ts";
import type { ReaderState, ServiceState, State, TopicState } from "../state.ts";

type Page = Platform["pages"][number];

const LOOK_MS = 5000;
const SVG = "http://www.w3.org/2000/svg";

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** An element with a class and what is in it: texts and other elements. */
function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...content: readonly (Node | string | undefined)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...content.filter((one) => one !== undefined));
  return made;
}

/** Puts elements into a list, but only when something has changed: who reads it, or has chosen a link, is not disturbed. */
function fill(list: HTMLElement, elements: readonly Element[]): void {
  const next = elements.map((one) => one.outerHTML).join("");
  if (list.dataset["shown"] === next) return;
  list.dataset["shown"] = next;
  list.replaceChildren(...elements);
}

const rate = (perSecond: number): string =>
  `${perSecond >= 10 || perSecond === 0 ? perSecond.toFixed(0) : perSecond.toFixed(1)}/s`;
const count = (value: number): string => value.toLocaleString("en-GB");
const mebibytes = (bytes: number): string => `${count(Math.round(bytes / 2 ** 20))} MiB`;

function ago(time: string): string {
  const minutes = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h ago`;
  return `${Math.round(minutes / 60 / 24)} days ago`;
}

function pageCard({ title, use, url, login, docs }: Page): Element {
  const isLink = /^https?:/.test(url);
  const link = element("a", "title", title);
  if (isLink) link.href = url;
  const command = login && element("code", "", `npm run password -- --service ${login.service}`);
  return element(
    "li",
    "",
    isLink ? link : element("span", "title", title),
    element("p", "", `${use}.`),
    isLink ? undefined : element("p", "", element("code", "", url)),
    docs === undefined ? undefined : element("p", "", "Read ", element("code", "", docs)),
    login && element("p", "", `Log in as ${login.users.join(" or ")}: `, command),
  );
}

function alertCard({ summary, runbook, since }: FiringAlert): Element {
  return element(
    "li",
    "",
    element("p", "summary", summary),
    element("p", "", runbook),
    element("p", "", `Since ${ago(since)}.`),
  );
}

function pipe(isMoving: boolean, isBad: boolean): Element {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 400 8");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = (className: string): Element => {
    const made = document.createElementNS(SVG, "line");
    made.setAttribute("class", className);
    for (const [name, value] of Object.entries({ x1: 0, y1: 4, x2: 400, y2: 4 }))
      made.setAttribute(name, String(value));
    return made;
  };
  svg.append(line("pipe"));
  if (isMoving || isBad) svg.append(line(`water${isBad ? " bad" : ""}${isMoving ? " moving" : ""}`));
  return svg;
}

function topicCard(
  { topic, perSecond }: TopicState,
  readers: readonly ReaderState[],
  alerts: readonly FiringAlert[],
): Element {
  const own = readers.filter((reader) => reader.topic === topic);
  const isWrong = (group: string): boolean =>
    alerts.some(({ labels }) => labels["topic"] === topic && labels["consumergroup"] === group);
  const rows = own.map(({ group, perSecond: read, lag }) =>
    element(
      "li",
      isWrong(group) ? "reader bad" : "reader",
      element("span", "", group),
      element("span", "rate", lag > 0 ? `${rate(read)}, ${count(lag)} to read` : rate(read)),
    ),
  );
  return element(
    "li",
    "topic",
    element("div", "head", element("span", "", topic), element("span", "rate", rate(perSecond))),
    pipe(
      perSecond > 0,
      own.some(({ group }) => isWrong(group)),
    ),
    rows.length === 0 ? element("p", "quiet", "nobody reads it by a group") : element("ul", "", ...rows),
  );
}

function serviceRow({ name, wanted, ready, restarts, cpu, memory }: ServiceState): Element {
  const isReady = ready === wanted;
  const head = element("th", "", name);
  head.scope = "row";
  return element(
    "tr",
    "",
    head,
    element("td", `state ${isReady ? "good" : "bad"}`, isReady ? "ready" : "not ready"),
    element("td", "number", `${ready}/${wanted}`),
    element("td", "number", String(restarts)),
    element("td", "number", cpu === undefined ? "-" : cpu.toFixed(3)),
    element("td", "number", memory === undefined ? "-" : mebibytes(memory)),
  );
}

function pastCards({ proof, scheduled }: State): Element[] {
  const cards: Element[] = [];
  if (proof) {
    const verdict = element("span", `title state ${proof.ok ? "good" : "bad"}`, `Proof: ${proof.ok ? "ok" : "failed"}`);
    cards.push(element("li", "", verdict, element("p", "", `${ago(proof.at)}: ${proof.words}`)));
  }
  for (const { name, lastSuccess, hasFailed } of scheduled) {
    const words = lastSuccess === null ? "no run yet" : `last ended well ${ago(lastSuccess)}`;
    const title = element("span", hasFailed ? "title state bad" : "title", hasFailed ? `${name}: failed` : name);
    cards.push(element("li", "", title, element("p", "", words)));
  }
  return cards;
}

function verdictOf({ problems, services, alerts, proof }: State): readonly [kind: string, words: string] {
  const waiting = services.filter(({ ready, wanted }) => ready < wanted).map(({ name }) => name);
  if (alerts.length > 0) return ["bad", `${alerts.length} ${alerts.length === 1 ? "thing is" : "things are"} wrong`];
  if (waiting.length > 0) return ["unknown", `not ready: ${waiting.join(", ")}`];
  if (problems.length > 0) return ["unknown", `not all is known: ${problems.join("; ")}`];
  if (services.length === 0) return ["unknown", "no figures of services are there yet"];
  if (proof && !proof.ok) return ["bad", "the last proof failed"];
  return ["good", `all ${services.length} services are ready`];
}

function show(state: State): void {
  const [kind, words] = verdictOf(state);
  const verdict = byId("verdict");
  verdict.className = `verdict ${kind}`;
  if (verdict.textContent !== words) verdict.textContent = words;
  byId("alerts-section").hidden = state.alerts.length === 0;
  fill(byId("alerts"), state.alerts.map(alertCard));
  fill(
    byId("flow"),
    state.topics.map((topic) => topicCard(topic, state.readers, state.alerts)),
  );
  fill(byId("past"), pastCards(state));
  fill(byId("services"), state.services.map(serviceRow));
  byId("asked").textContent = `Asked at ${new Date(state.at).toLocaleTimeString("en-GB")}.`;
}

async function read(path: string): Promise<unknown> {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`the portal answers ${answer.status}`);
  return (await answer.json()) as unknown;
}

async function look(): Promise<void> {
  try {
    const [platform, state] = await Promise.all([read("platform"), read("state")]);
    fill(byId("pages"), (platform as Platform).pages.map(pageCard));
    show(state as State);
  } catch (error) {
    byId("verdict").className = "verdict unknown";
    byId("verdict").textContent = `Nothing is known now: ${error instanceof Error ? error.message : String(error)}`;
  }
}

void look();
setInterval(() => {
  // Nobody looks at a hidden page.
  if (!document.hidden) void look();
}, LOOK_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void look();
});

/** What can't be answered, in words for people. */

/** An answer that is not what was asked for; its message is shown as it is. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: 400 | 404 | 405 | 503;

  constructor(status: Problem["status"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A value that came from outside, short enough to be shown in a message. */
export function shown(value: string): string {
  return `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;
}

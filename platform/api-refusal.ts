/** What an HTTP API says no with. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  /** HTTP's. */
  readonly status: number;

  /** @param words the server's own */
  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

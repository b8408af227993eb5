import type Docker from "dockerode";

type Options = Docker.ContainerCreateOptions;

/** A Docker engine for specs whose containers end at once, and say what a function of their options says. */
export class StubEngine implements Pick<Docker, "createContainer"> {
  readonly made: Options[] = [];
  removed = 0;
  /** Which containers it does not make, as an engine whose machine has no such folder. */
  refuses: (options: Options) => boolean = () => false;
  readonly #says: (options: Options) => string;

  constructor(says: (options: Options) => string) {
    this.#says = says;
  }

  createContainer(options: Options): Promise<Docker.Container> {
    if (this.refuses(options)) {
      const message = 'invalid mount config for type "bind": bind source path does not exist';
      return Promise.reject(Object.assign(new Error(message), { statusCode: 400 }));
    }
    this.made.push(options);
    const said = this.#says(options);
    const container = {
      start: () => Promise.resolve(),
      wait: () => Promise.resolve({ StatusCode: 0 }),
      logs: () => Promise.resolve(Buffer.from(said)),
      remove: () => {
        this.removed += 1;
        return Promise.resolve();
      },
    };
    return Promise.resolve(container as unknown as Docker.Container);
  }
}

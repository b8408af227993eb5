/** Nothing is carried. */
const assemble = (): Promise<void> => Promise.resolve();
export default assemble;

/** Nothing is added. */
const assemble = (): Promise<void> => Promise.resolve();
export default assemble;

/** How the examples print: `console.log` will do. */
export type Print = (...values: readonly unknown[]) => void;

/** What the oldest Node that runs the single file, 20.19, lacks of the language that the program is written in. */

if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });

/** `Promise.withResolvers` of ECMAScript 2024. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>['resolve'];
  let reject!: PromiseWithResolvers<T>['reject'];
  const promise = new Promise<T>((...settlers) => ([resolve, reject] = settlers));
  return { promise, resolve, reject };
}

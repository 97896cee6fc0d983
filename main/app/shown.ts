/** How the app tells whoever started it that its window was shown: over the channel of `npm start`, where there is one. */

export const windowShown = 'lifeboat: the window is shown';

export function tellShown(): void {
  process.send?.(windowShown);
}

/** Files dropped anywhere on the window, by the browser's own events. */
import { useEffect, useEffectEvent, useState } from 'react';

/** Listens while mounted; answers whether files are being held above the window right now. */
export function useFileDrop(onDrop: (files: readonly File[]) => void): boolean {
  const [above, setAbove] = useState(false);
  const dropped = useEffectEvent(onDrop);

  useEffect(() => {
    const listening = new AbortController();
    const on = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', handle: (event: DragEvent) => void) =>
      window.addEventListener(
        type,
        (event) => {
          if (!event.dataTransfer?.types.includes('Files')) return;
          // Otherwise the window would navigate to the file.
          event.preventDefault();
          handle(event);
        },
        { signal: listening.signal },
      );
    on('dragenter', () => setAbove(true));
    on('dragover', () => setAbove(true));
    on('dragleave', (event) => {
      if (!event.relatedTarget) setAbove(false);
    });
    on('drop', (event) => {
      setAbove(false);
      dropped([...(event.dataTransfer?.files ?? [])]);
    });
    return () => listening.abort();
  }, []);

  return above;
}

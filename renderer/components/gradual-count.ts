/** Long lists come into the page little by little, so that it draws and answers meanwhile. */
import { useEffect, useState } from 'react';

/** More than a screenful, and how many more with each picture drawn. */
const atOnce = 16;

/** How many of `total` things are to be shown now; all of them within a moment. */
export function useGradualCount(total: number): number {
  const [count, setCount] = useState(atOnce);
  const isShort = count < total;

  useEffect(() => {
    if (!isShort) return;
    const next = requestAnimationFrame(() => setCount(count + atOnce));
    return () => cancelAnimationFrame(next);
  }, [count, isShort]);

  return Math.min(count, total);
}

/** The polite live region of the page, and how a part of the wizard speaks through it. */
import { createContext, useContext, useState, type ReactNode } from 'react';

const AnnounceContext = createContext<(text: string) => void>(() => undefined);

export function Announcer({ children }: { readonly children: ReactNode }) {
  const [text, setText] = useState('');
  return (
    <AnnounceContext value={setText}>
      {children}
      <div className="visually-hidden" role="status" aria-live="polite">
        {text}
      </div>
    </AnnounceContext>
  );
}

/** Says `text` to a screen reader when it has finished its sentence. */
export function useAnnounce(): (text: string) => void {
  return useContext(AnnounceContext);
}

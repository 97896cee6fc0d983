/** The frame of one step: heading, content, and the bar with Back at the left and the primary action at the right. */
import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useSpeech } from '../i18n/speech.ts';
import { Button } from './button.tsx';

interface ScreenProps {
  readonly heading: string;
  readonly lead?: string;
  /** Title of the document; the heading where nothing else is said. */
  readonly title?: string;
  readonly children: ReactNode;
  readonly onBack?: (() => void) | undefined;
  /** Left side of the bar, instead of Back. */
  readonly aside?: ReactNode;
  /** A short line in the bar, such as how much is chosen. */
  readonly summary?: ReactNode;
  readonly actions?: ReactNode;
}

/** A new step starts at its heading: eyes, keyboard and screen reader alike. */
export function Screen({ heading, lead, title, children, onBack, aside, summary, actions }: ScreenProps) {
  const { say } = useSpeech();
  const headingRef = useRef<HTMLHeadingElement>(null);
  const scrollRef = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);

  useEffect(() => {
    headingRef.current?.focus();
  }, []);
  useEffect(() => {
    document.title = title ?? say('program.title', { step: heading });
  });

  // What does not fit must be within reach of the keyboard, also where nothing in it takes the focus.
  useEffect(() => {
    const element = scrollRef.current;
    if (!element) return;
    const look = () => setScrolls(element.scrollHeight > element.clientHeight);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [children]);

  return (
    <div className="screen">
      <div className="screen-scroll" ref={scrollRef} tabIndex={scrolls ? 0 : undefined}>
        <header className="screen-header">
          <h1 ref={headingRef} tabIndex={-1}>
            {heading}
          </h1>
          {lead && <p className="lead">{lead}</p>}
        </header>
        <div className="screen-body">{children}</div>
      </div>
      <footer className="bar">
        <div className="bar-aside">
          {aside}
          {onBack && (
            <Button kind="quiet" icon={ArrowLeft} onPress={onBack}>
              {say('program.back')}
            </Button>
          )}
        </div>
        {summary && <p className="bar-summary">{summary}</p>}
        <div className="bar-actions">{actions}</div>
      </footer>
    </div>
  );
}

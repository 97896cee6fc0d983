/** The pages that stand alone: the program cannot be reached, has ended, or the page itself broke. */
import { Component, type ReactNode } from 'react';
import iconUrl from '../../assets/icons/lifeboat.svg';
import { useSpeech } from '../i18n/speech.ts';
import { Button } from './button.tsx';

function Alone({ heading, children }: { readonly heading: string; readonly children: ReactNode }) {
  const { say } = useSpeech();
  return (
    <main className="alone">
      <title>{say('program.title', { step: heading })}</title>
      <img src={iconUrl} alt="" width={56} height={56} />
      <h1>{heading}</h1>
      {children}
    </main>
  );
}

export function NotConnected() {
  const { say } = useSpeech();
  return (
    <Alone heading={say('program.notConnected')}>
      <p>{say('program.notConnectedWhy')}</p>
      <p>{say('program.notConnectedTodo')}</p>
    </Alone>
  );
}

export function Goodbye() {
  const { say } = useSpeech();
  return (
    <Alone heading={say('program.goodbye')}>
      <p>{say('program.goodbyeTodo')}</p>
    </Alone>
  );
}

function BrokenPage() {
  const { say } = useSpeech();
  return (
    <Alone heading={say('program.brokenPage')}>
      <p>{say('program.brokenPageTodo')}</p>
      <Button kind="primary" onPress={() => window.location.reload()}>
        {say('program.reload')}
      </Button>
    </Alone>
  );
}

/** Shows words instead of a blank page when a part of the wizard throws. */
export class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <BrokenPage /> : this.props.children;
  }
}

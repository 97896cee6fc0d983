/** The field that searches the whole image by name, and how its search is going. */
import { Search, X } from 'lucide-react';
import { useState } from 'react';
import { Input, Label, SearchField } from 'react-aria-components';
import { IconButton } from '../components/button.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { OpenState } from '../state/browse.ts';

export function BrowseSearch({ state: { search } }: { readonly state: OpenState }) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  const [text, setText] = useState('');
  const [wasSearching, setWasSearching] = useState(false);
  if (wasSearching !== (search !== null)) {
    setWasSearching(search !== null);
    // Who went on to a folder is done with the name.
    if (search === null) setText('');
  }

  return (
    <div className="browse-search">
      <SearchField
        className="search"
        value={text}
        onChange={setText}
        maxLength={255}
        onSubmit={(wanted) => {
          if (wanted.trim() !== '') void browsing.controller.search(wanted.trim());
        }}
        onClear={() => browsing.controller.leaveSearch()}
      >
        <Label className="visually-hidden">{say('browse.search')}</Label>
        <Search className="icon" aria-hidden />
        <Input className="input" placeholder={say('browse.searchHint')} />
        {text !== '' && <IconButton label={say('browse.clearSearch')} icon={X} />}
      </SearchField>
    </div>
  );
}

/** In place of the way to a folder while a search is shown. */
export function SearchState({ search }: { readonly search: NonNullable<OpenState['search']> }) {
  const { say, locale } = useSpeech();
  const visited = search.visited.toLocaleString(locale);
  return (
    <p className="way search-state" role="status">
      {search.state.kind === 'running' && say('browse.searching', { visited })}
      {search.state.kind === 'ended' &&
        say(search.state.end.isCut ? 'browse.foundCut' : 'browse.found', { count: search.hits.length })}
    </p>
  );
}

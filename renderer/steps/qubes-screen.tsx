/** Step 3: choosing the qubes to restore from the list of the backup. */
import { KeyRound, Search, X } from 'lucide-react';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { Input, Label, SearchField } from 'react-aria-components';
import { visible } from '../../shared/words/formats.ts';
import { variantWords } from '../../shared/words/variant-words.ts';
import type { Qube } from '../../shared/backup.ts';
import type { Problem } from '../../shared/problems.ts';
import { Button, IconButton } from '../components/button.tsx';
import { Hint, ProblemNote } from '../components/note.tsx';
import { Screen } from '../components/screen.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import { arrange, canRestore, lostOf, totalOf, type QubeOrder } from '../state/qubes.ts';
import type { QubesStep } from '../state/wizard.ts';
import { QubesTable } from './qubes-table.tsx';

/** Without a readable list, the backend lists what the names of the files tell. */
function isListProblem({ code }: Problem): boolean {
  return code.startsWith('qubes-xml-');
}

/** The table names all of them; a note stays short. */
const mostNames = 8;

function namesOf(qubes: readonly Qube[]): string {
  const names = qubes.slice(0, mostNames).map(({ name }) => visible(name));
  return [...names, ...(qubes.length > mostNames ? ['…'] : [])].join(', ');
}

export function QubesScreen({ state: { inventory, choices, variant } }: { readonly state: QubesStep }) {
  const { say, size, language } = useSpeech();
  const { store } = useWizard();
  const [search, setSearch] = useState('');
  const [order, setOrder] = useState<QubeOrder>({ column: 'name', descending: false });
  // What is typed shows at once, and the table follows.
  const wanted = useDeferredValue(search);
  // The screen stands at once, and the table comes into it without holding it up.
  const isTableDue = useDeferredValue(true, false);
  const shown = useMemo(
    () => arrange(inventory.qubes, wanted, order, language),
    [inventory, wanted, order, language],
  );
  const choose = useCallback(
    (qubes: ReadonlySet<string>) => void store.dispatch({ type: 'qubes-chosen', qubes }),
    [store],
  );
  const lost = lostOf(inventory);
  const { count, bytes } = totalOf(inventory.qubes, choices.qubes);

  return (
    <Screen
      heading={say('qubes.heading')}
      lead={say('qubes.available', { count: inventory.qubes.filter(canRestore).length })}
      onBack={() => store.dispatch({ type: 'back' })}
      summary={
        <span role="status">
          {count === 0 ? say('qubes.noneChosen') : say('qubes.chosen', { count, size: size(bytes) })}
        </span>
      }
      actions={
        <Button
          kind="primary"
          isDisabled={count === 0}
          onPress={() => store.dispatch({ type: 'qubes-accepted' })}
        >
          {say('program.continue')}
        </Button>
      }
    >
      {variant && (
        <Hint icon={KeyRound}>{say('qubes.openedBy', { form: variantWords[language][variant] })}</Hint>
      )}
      {inventory.problems.map((problem, index) => (
        <ProblemNote
          key={`${problem.code}-${index}`}
          problem={problem}
          action={isListProblem(problem) && <p>{say('qubes.unreadable')}</p>}
        />
      ))}
      {lost.length > 0 && (
        <Hint severity="failure">
          <p className="note-what">{say('qubes.lost', { count: lost.length, names: namesOf(lost) })}</p>
          <p>{say('qubes.lostWhy', { count: lost.length })}</p>
          <p>{say('qubes.lostTodo')}</p>
        </Hint>
      )}
      <SearchField className="search" value={search} onChange={setSearch}>
        <Label className="visually-hidden">{say('qubes.search')}</Label>
        <Search className="icon" aria-hidden />
        <Input className="input" placeholder={say('qubes.searchHint')} />
        {search !== '' && <IconButton label={say('qubes.clearSearch')} icon={X} />}
      </SearchField>
      {isTableDue ? (
        <QubesTable
          qubes={shown}
          chosen={choices.qubes}
          onChoose={choose}
          order={order}
          onOrder={setOrder}
          emptyWords={say(wanted === '' ? 'qubes.empty' : 'qubes.nothingFound', { search: wanted })}
        />
      ) : (
        <div className="table-frame" aria-busy />
      )}
    </Screen>
  );
}

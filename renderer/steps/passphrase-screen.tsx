/** Step 2: the passphrase. It lives in the input element alone, and goes from there over the wire once. */
import { ArrowBigUpDash, Eye, EyeOff, History, KeyRound, LockKeyholeOpen } from 'lucide-react';
import {
  useEffect,
  useEffectEvent,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type SubmitEvent,
} from 'react';
import { variantsOf, type VariantKind } from '../../shared/passphrase-variants.ts';
import { variantWords } from '../../shared/words/variant-words.ts';
import { useAnnounce } from '../components/announcer.tsx';
import { Button, IconButton } from '../components/button.tsx';
import { NamedCheckbox } from '../components/named-checkbox.tsx';
import { Hint, ProblemNote } from '../components/note.tsx';
import { Bar } from '../components/progress-bar.tsx';
import { Screen } from '../components/screen.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import { hintsFor, noHints } from '../state/passphrase-hints.ts';
import { isUnsealed } from '../state/results.ts';
import type { PassphraseStep } from '../state/wizard.ts';

export const samplePassphrase = 'lifeboat';

export function PassphraseScreen({ state }: { readonly state: PassphraseStep }) {
  const { backup, attempt, kept, unsealed } = state;
  const { encrypted, problems } = backup.summary;
  /** Else the passphrase neither encrypts nor proves anything. */
  const isProtected = !problems.some(isUnsealed);
  const { say, language } = useSpeech();
  const { controller, store } = useWizard();
  const announce = useAnnounce();
  const field = useRef<HTMLInputElement>(null);
  const [shown, setShown] = useState(false);
  const [capsLock, setCapsLock] = useState(false);
  const [hints, setHints] = useState(noHints);
  const [missing, setMissing] = useState(false);
  const [acceptUnsealed, setAcceptUnsealed] = useState(false);
  /** Other forms of what was rejected; what is typed anew was not rejected yet. */
  const [offered, setOffered] = useState<readonly VariantKind[]>([]);
  const ids = { form: useId(), field: useId(), trouble: useId(), hints: useId() };
  const choices = { acceptUnsealed, allowSlow: false };
  const checking = attempt.kind === 'checking';
  const variant = checking ? attempt.variant : null;
  const checkingWords = variant
    ? say('passphrase.checkingVariant', { ...variant, form: variantWords[language][variant.kind] })
    : say('passphrase.checking');

  const afterAttempt = useEffectEvent(() => {
    if (attempt.kind === 'checking') announce(checkingWords);
    if (attempt.kind !== 'trouble') return;
    const untried = attempt.problem.code === 'passphrase-rejected' && attempt.variants === 0;
    setOffered(untried ? variantsOf(field.current?.value ?? '').map(({ kind }) => kind) : []);
    field.current?.focus();
    field.current?.select();
  });
  useEffect(() => afterAttempt(), [attempt]);

  const noticeCapsLock = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const passphrase = field.current?.value ?? '';
    setMissing(passphrase === '');
    if (passphrase === '') field.current?.focus();
    else void controller.unlock(passphrase, choices);
  }

  const unlockSlowly = () =>
    void controller.unlock(field.current?.value ?? '', { ...choices, allowSlow: true });

  return (
    <Screen
      heading={say('passphrase.heading')}
      {...(isProtected && { lead: say(encrypted === false ? 'passphrase.leadSealed' : 'passphrase.lead') })}
      onBack={checking ? undefined : () => store.dispatch({ type: 'back' })}
      aside={
        checking && <Button onPress={() => void controller.cancelUnlock()}>{say('program.cancel')}</Button>
      }
      actions={
        <Button kind="primary" icon={LockKeyholeOpen} type="submit" form={ids.form} isBusy={checking}>
          {say(checking ? 'passphrase.checking' : 'passphrase.unlock')}
        </Button>
      }
    >
      {kept && !unsealed && <Hint icon={History}>{say('passphrase.again')}</Hint>}
      <form className="passphrase" id={ids.form} onSubmit={submit}>
        <label className="label" htmlFor={ids.field}>
          {say('passphrase.label')}
        </label>
        <div className="passphrase-field">
          <input
            ref={field}
            id={ids.field}
            className="input mono"
            type={shown ? 'text' : 'password'}
            // Not a login of this page: nothing may offer to store it, correct it, or learn it.
            autoComplete="off"
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            readOnly={checking}
            aria-invalid={attempt.kind === 'trouble' || missing}
            aria-describedby={`${ids.trouble} ${ids.hints}`}
            onInput={(event) => {
              setHints(hintsFor(event.currentTarget.value));
              setMissing(false);
              setOffered([]);
            }}
            onKeyDown={noticeCapsLock}
            onKeyUp={noticeCapsLock}
            onBlur={() => setCapsLock(false)}
          />
          <IconButton
            label={say(shown ? 'passphrase.hide' : 'passphrase.show')}
            icon={shown ? EyeOff : Eye}
            onPress={() => setShown(!shown)}
          />
        </div>
        <div className="passphrase-hints" id={ids.hints} role="status">
          {capsLock && <InlineHint icon={ArrowBigUpDash}>{say('passphrase.capsLock')}</InlineHint>}
          {hints.spaceAtStart && <InlineHint>{say('passphrase.spaceAtStart')}</InlineHint>}
          {hints.spaceAtEnd && <InlineHint>{say('passphrase.spaceAtEnd')}</InlineHint>}
          {hints.beyondAscii && <InlineHint>{say('passphrase.beyondAscii')}</InlineHint>}
        </div>
        <div id={ids.trouble}>
          {missing && <Hint>{say('passphrase.empty')}</Hint>}
          {attempt.kind === 'trouble' && (
            <ProblemNote
              problem={attempt.problem}
              urgent
              action={
                attempt.problem.code === 'derivation-slow' ? (
                  <Button onPress={unlockSlowly}>{say('passphrase.allowSlow')}</Button>
                ) : (
                  attempt.variants > 0 && <p>{say('passphrase.noVariant', { count: attempt.variants })}</p>
                )
              }
            />
          )}
        </div>
        {attempt.kind === 'trouble' && offered.length > 0 && (
          <section className="variants" aria-label={say('passphrase.variants', { count: offered.length })}>
            <p>{say('passphrase.variants', { count: offered.length })}</p>
            <ul>
              {offered.map((kind) => (
                <li key={kind}>{variantWords[language][kind]}</li>
              ))}
            </ul>
            <Button onPress={() => void controller.tryVariants(field.current?.value ?? '', choices)}>
              {say('passphrase.tryVariants', { count: offered.length })}
            </Button>
          </section>
        )}
        {unsealed && !checking && (
          <div className="unsealed">
            <NamedCheckbox isSelected={acceptUnsealed} onChange={setAcceptUnsealed}>
              {say('passphrase.unsealed')}
            </NamedCheckbox>
            <p className="fine">{say('passphrase.unsealedWhy')}</p>
          </div>
        )}
        {checking && (
          <div className="passphrase-checking">
            <Bar small label={say('passphrase.checking')} percent={null} valueText={checkingWords} />
            <p className="fine">{variant ? checkingWords : say('passphrase.checkingWhy')}</p>
          </div>
        )}
        {backup.sample && !checking && (
          <Hint icon={KeyRound}>
            {say('passphrase.sample')} <code className="code">{samplePassphrase}</code>
          </Hint>
        )}
      </form>
    </Screen>
  );
}

function InlineHint({ children, icon: Icon }: { readonly children: string; readonly icon?: typeof Eye }) {
  return (
    <p className="inline-hint">
      {Icon && <Icon className="icon icon-small" aria-hidden />}
      {children}
    </p>
  );
}

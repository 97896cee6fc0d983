/** More of the one entry that is selected: what it is, and a look into it in which nothing is run. */
import { Eye, FolderSearch, LoaderCircle } from 'lucide-react';
import { useCallback, useState } from 'react';
import type { FilePreview } from '../../shared/image.ts';
import { visible } from '../../shared/words/formats.ts';
import { Button } from '../components/button.tsx';
import { ProblemNote } from '../components/note.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { WordKey } from '../i18n/words.ts';
import type { OpenState } from '../state/browse.ts';
import type { EntryRow } from '../state/browse-entries.ts';
import { parentOf } from '../state/entry-ids.ts';

export function BrowsePreview({
  state,
  sole,
}: {
  readonly state: OpenState;
  readonly sole: EntryRow | null;
}) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  const { look } = state;
  if (!sole || look.kind === 'none' || look.entry !== sole.entry.id) {
    return (
      <section className="preview preview-empty" aria-label={say('browse.preview')}>
        <Eye className="drop-icon" aria-hidden />
        <p className="fine">
          {state.selected.size > 1
            ? say('browse.selectedFolders', { count: state.selected.size })
            : say('browse.previewHint')}
        </p>
      </section>
    );
  }
  const parent = parentOf(sole.entry.id);
  return (
    <section className="preview" aria-label={say('browse.preview')}>
      <h2 className="preview-name">{visible(sole.entry.name)}</h2>
      {sole.folder !== null && parent !== null && (
        <Button kind="quiet" icon={FolderSearch} onPress={() => void browsing.controller.go(parent)}>
          {say('browse.showInFolder')}
        </Button>
      )}
      {look.kind === 'looking' && (
        <p className="fine preview-wait" role="status">
          <LoaderCircle className="icon spin" aria-hidden />
          {say('browse.looking')}
        </p>
      )}
      {look.kind === 'trouble' && <ProblemNote problem={look.problem} />}
      {look.kind === 'shown' && (
        <>
          <Details details={look.details} />
          {look.preview && <Preview key={look.entry} preview={look.preview} name={sole.entry.name} />}
        </>
      )}
    </section>
  );
}

function Details({
  details,
}: {
  readonly details: Extract<OpenState['look'], { kind: 'shown' }>['details'];
}) {
  const { say, size, locale } = useSpeech();
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const facts: (readonly [WordKey, string])[] = [['browse.kind', say(`fileKind.${details.kind}`)]];
  if (details.kind === 'file') facts.push(['browse.size', size(details.size)]);
  if (details.link) facts.push(['browse.target', visible(details.link.target)]);
  if (details.modified !== null) facts.push(['browse.modified', time.format(details.modified)]);
  facts.push(['browse.rights', modeText(details.permissions)]);
  return (
    <dl className="preview-facts">
      {facts.map(([key, value]) => (
        <div key={key}>
          <dt>{say(key)}</dt>
          <dd className={key === 'browse.rights' ? 'mono' : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Permissions as `ls` writes them: `rw-r--r--`. */
function modeText(permissions: number): string {
  return Array.from({ length: 9 }, (_, bit) =>
    (permissions & (0o400 >> bit)) !== 0 ? 'rwx'.charAt(bit % 3) : '-',
  ).join('');
}

function Preview({ preview, name }: { readonly preview: FilePreview; readonly name: string }) {
  const { say } = useSpeech();
  switch (preview.kind) {
    case 'text':
      return (
        <>
          {/* Scrollable, so that the keyboard must reach it. */}
          <pre className="preview-text" tabIndex={0} aria-label={say('browse.content', { name })}>
            {readable(preview.text)}
          </pre>
          {preview.isCut && <p className="fine">{say('browse.textCut')}</p>}
        </>
      );
    case 'picture':
      return <Picture preview={preview} name={name} />;
    case 'none':
      return <p className="fine">{say(`browse.none.${preview.reason}`)}</p>;
  }
}

/** Text with its lines and tabs, in which every other character that cannot be seen is made visible. */
function readable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split(/([\n\t])/)
    .map((part) => (part === '\n' || part === '\t' ? part : visible(part)))
    .join('');
}

/** Drawn from its bytes by the page itself: the picture has no address that could be asked for. */
function Picture({
  preview,
  name,
}: {
  readonly preview: Extract<FilePreview, { readonly kind: 'picture' }>;
  readonly name: string;
}) {
  const { say } = useSpeech();
  const [isBroken, setBroken] = useState(false);
  const { base64, type, width, height } = preview;
  const draw = useCallback(
    (picture: HTMLImageElement) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const address = URL.createObjectURL(new Blob([bytes], { type }));
      picture.src = address;
      return () => URL.revokeObjectURL(address);
    },
    [base64, type],
  );
  if (isBroken) return <p className="fine">{say('browse.none.binary')}</p>;
  return (
    <figure className="preview-picture">
      <img
        ref={draw}
        alt={say('browse.pictureOf', { name })}
        width={width}
        height={height}
        onError={() => setBroken(true)}
      />
      <figcaption className="fine">
        {width} × {height}
      </figcaption>
    </figure>
  );
}

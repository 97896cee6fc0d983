/** Saves documents of a restore: its report, and the qubes with their settings. */
import { Check, ChevronDown, FileBraces, FileText, LayoutList, Save, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import type { Place, SavedDocument } from '../../shared/contract/wizard.ts';
import type { Problem } from '../../shared/problems.ts';
import { Hint, ProblemNote } from '../components/note.tsx';
import { PlaceBrowser } from '../components/place-browser.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';

const documents: readonly (readonly [SavedDocument, LucideIcon])[] = [
  ['report', FileText],
  ['report-data', FileBraces],
  ['qubes', LayoutList],
];

type Saving =
  | { readonly kind: 'none' }
  /** Nothing was restored and the system has no dialog to ask in: the person chooses a folder in the page. */
  | { readonly kind: 'asking'; readonly document: SavedDocument }
  | { readonly kind: 'saved'; readonly place: Place }
  | { readonly kind: 'trouble'; readonly problem: Problem };

export function SaveMenu({ hasFolder }: { readonly hasFolder: boolean }) {
  const { say, language } = useSpeech();
  const { program, controller } = useWizard();
  const [saving, setSaving] = useState<Saving>({ kind: 'none' });

  async function save(document: SavedDocument, folder: Place | null): Promise<void> {
    const answer = await controller.save(document, language, folder?.id ?? null);
    if (!answer.ok) setSaving({ kind: 'trouble', problem: answer.problem });
    else if (answer.value) setSaving({ kind: 'saved', place: answer.value });
  }

  function choose(document: SavedDocument): void {
    setSaving({ kind: 'none' });
    if (program.nativeDialogs || hasFolder) void save(document, null);
    else setSaving({ kind: 'asking', document });
  }

  return (
    <>
      <MenuTrigger>
        <Button className="button button-outlined">
          <Save className="icon" aria-hidden />
          {say('results.save')}
          <ChevronDown className="icon icon-small" aria-hidden />
        </Button>
        <Popover className="popover" placement="bottom start">
          <Menu
            className="menu"
            onAction={(key) => {
              const chosen = documents.find(([document]) => document === key);
              if (chosen) choose(chosen[0]);
            }}
          >
            {documents.map(([document, Icon]) => (
              <MenuItem key={document} id={document} className="menu-item menu-item-tall">
                <Icon className="icon" aria-hidden />
                <span className="menu-words">
                  {say(`results.document.${document}`)}
                  <span className="fine">{say(`results.documentWhy.${document}`)}</span>
                </span>
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <div role="status" className="tools-note">
        {saving.kind === 'saved' && (
          <Hint icon={Check}>
            <p>{say('results.saved', { path: saving.place.path })}</p>
          </Hint>
        )}
        {saving.kind === 'trouble' && <ProblemNote problem={saving.problem} />}
      </div>
      <PlaceBrowser
        kind="folder"
        isOpen={saving.kind === 'asking'}
        onClose={() => setSaving({ kind: 'none' })}
        onChoose={(folder) => {
          if (saving.kind === 'asking') void save(saving.document, folder);
        }}
      />
    </>
  );
}

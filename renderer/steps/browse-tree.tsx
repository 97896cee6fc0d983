/** The folders of an image as a tree, each read when it is first opened. */
import { ChevronRight, Folder as FolderIcon, FolderOpen, HardDrive } from 'lucide-react';
import { useMemo } from 'react';
import {
  Button,
  Collection,
  ListLayout,
  Tree,
  TreeItem,
  TreeItemContent,
  Virtualizer,
} from 'react-aria-components';
import type { EntryId, ImageEntry } from '../../shared/image.ts';
import { visible } from '../../shared/words/formats.ts';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { OpenState } from '../state/browse.ts';
import { root } from '../state/entry-ids.ts';

interface Node {
  readonly id: string;
  readonly name: string;
  readonly children: readonly Node[];
  /** Whether it is known to hold no folder. */
  readonly isLeaf: boolean;
}

/** Keys of a collection are not empty, and the id of the root is. */
const rootKey = '/';
const keyOf = (id: EntryId) => (id === root ? rootKey : id);
const idOf = (key: unknown): EntryId => (key === rootKey ? root : String(key));

export function BrowseTree({ state }: { readonly state: OpenState }) {
  const { say, language } = useSpeech();
  const { browsing } = useWizard();
  const { folders, expanded } = state;
  const top = useMemo(() => {
    const collator = new Intl.Collator(language, { numeric: true });
    return nodeOf({ folders, expanded }, { id: root, name: say('browse.root') }, collator);
  }, [folders, expanded, language, say]);
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowSize: 32 }}>
      <Tree
        className="tree"
        aria-label={say('browse.tree')}
        items={[top]}
        selectionMode="single"
        disallowEmptySelection={!state.search}
        selectedKeys={state.search ? [] : [keyOf(state.at)]}
        onSelectionChange={(keys) => {
          const [key] = keys === 'all' ? [] : [...keys];
          if (key !== undefined) void browsing.controller.go(idOf(key));
        }}
        expandedKeys={[...state.expanded].map(keyOf)}
        onExpandedChange={(keys) => void browsing.controller.expand(new Set([...keys].map(idOf)))}
      >
        {(node) => <Branch node={node} />}
      </Tree>
    </Virtualizer>
  );
}

function nodeOf(
  state: Pick<OpenState, 'folders' | 'expanded'>,
  { id, name }: Pick<ImageEntry, 'id' | 'name'>,
  collator: Intl.Collator,
): Node {
  const folder = state.folders.get(id);
  const children =
    folder?.kind === 'read' && state.expanded.has(id)
      ? folder.listing.entries
          .filter(({ kind }) => kind === 'directory')
          .toSorted((one, other) => collator.compare(one.name, other.name))
          .map((entry) => nodeOf(state, entry, collator))
      : [];
  const isLeaf = folder?.kind === 'read' && !folder.listing.entries.some(({ kind }) => kind === 'directory');
  return { id: keyOf(id), name, children, isLeaf };
}

function Branch({ node }: { readonly node: Node }) {
  const { say } = useSpeech();
  return (
    <TreeItem
      id={node.id}
      value={node}
      textValue={visible(node.name)}
      className="tree-row"
      hasChildItems={!node.isLeaf}
    >
      <TreeItemContent>
        {({ isExpanded, level }) => (
          <span className="tree-cell" style={{ paddingInlineStart: `${(level - 1) * 0.875}rem` }}>
            {node.isLeaf ? (
              <span className="tree-mark" aria-hidden />
            ) : (
              <Button slot="chevron" className="tree-mark" aria-label={say('browse.expand')}>
                <ChevronRight className={`icon icon-small ${isExpanded ? 'is-open' : ''}`} aria-hidden />
              </Button>
            )}
            {node.id === rootKey ? (
              <HardDrive className="icon icon-small" aria-hidden />
            ) : isExpanded && !node.isLeaf ? (
              <FolderOpen className="icon icon-small" aria-hidden />
            ) : (
              <FolderIcon className="icon icon-small" aria-hidden />
            )}
            <span className="tree-name">{visible(node.name)}</span>
          </span>
        )}
      </TreeItemContent>
      <Collection items={node.children}>{(child) => <Branch node={child} />}</Collection>
    </TreeItem>
  );
}

/** A small tree over the saxes parser: strict XML without document types, and bounded, for the list of qubes. */
import { SaxesParser } from 'saxes';
import { fail } from '../../../shared/problems.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, without that of children, trimmed. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** A real list has some fifty for each qube. */
const mostElements = 250_000;
const deepestElement = 64;

/** The parser repeats names of the document in its messages, whatever their length. */
const longestDetail = 200;

/**
 * Parses a document. Document types, and with them entities of their own, are refused.
 *
 * @throws RecoveryError `qubes-xml-malformed`
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  const parser = new SaxesParser();
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;

  parser.on('error', (error) =>
    fail('qubes-xml-malformed', { detail: error.message.slice(0, longestDetail) }),
  );
  parser.on('doctype', () => fail('qubes-xml-malformed', { detail: 'it declares a document type' }));
  parser.on('opentag', ({ name, attributes }) => {
    elements++;
    if (elements > mostElements || open.length >= deepestElement)
      fail('qubes-xml-malformed', { detail: 'too many elements' });
    open.push({ name, attributes, children: [], text: '' });
  });
  const addText = (text: string) => {
    const innermost = open.at(-1);
    if (innermost) innermost.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (!closed) return;
    const element = { ...closed, text: closed.text.trim() };
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    else root = element;
  });

  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    fail('qubes-xml-malformed', { detail: 'not UTF-8' });
  }
  parser.write(text).close();
  if (!root) fail('qubes-xml-malformed', { detail: 'empty' });
  return root;
}

export function childrenNamed(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

export function childNamed(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

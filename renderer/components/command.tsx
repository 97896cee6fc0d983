/** A command for a person to copy into a terminal: one click selects all of it. */

export function Command({ text }: { readonly text: string }) {
  return <code className="command mono">{text}</code>;
}

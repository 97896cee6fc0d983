/** Puts text on the clipboard, in a browser as well as in a window that is denied every permission. */

/** Answers whether it worked; to be called from a press of a button, which browsers want to see. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** The way from before there was a permission: the command copies what is selected. */
function copySelected(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  // What is not shown as it is would be copied with its blanks run together.
  field.style.whiteSpace = 'pre';
  // Within a dialog, which does not let the focus leave it.
  const focused = document.activeElement;
  (focused?.parentElement ?? document.body).append(field);
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only one that needs no permission
  const copied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

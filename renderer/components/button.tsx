/** The buttons of the wizard: one filled primary a screen, outlined ones, and quiet ones without a frame. */
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style' | 'isPending'> {
  readonly kind?: 'primary' | 'outlined' | 'quiet';
  readonly icon?: LucideIcon | undefined;
  /** Its work is being done: it keeps the focus, and who presses it again changes nothing. */
  readonly isBusy?: boolean;
  readonly children: ReactNode;
}

export function Button({ kind = 'outlined', icon: Icon, isBusy = false, children, ...props }: ButtonProps) {
  return (
    <AriaButton
      {...props}
      className={`button button-${kind} ${isBusy ? 'button-busy' : ''}`}
      {...(isBusy && { 'aria-disabled': true })}
    >
      {Icon && <Icon className="icon" aria-hidden />}
      {children}
    </AriaButton>
  );
}

/** A square button that shows an icon only; `label` is its name. */
export function IconButton({
  label,
  icon: Icon,
  ...props
}: Omit<AriaButtonProps, 'className' | 'children' | 'style' | 'aria-label'> & {
  readonly label: string;
  readonly icon: LucideIcon;
}) {
  return (
    <AriaButton {...props} aria-label={label} className="button button-quiet button-icon">
      <Icon className="icon" aria-hidden />
    </AriaButton>
  );
}

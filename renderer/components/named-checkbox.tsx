/** A checkbox with its words beside it. */
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { CheckboxButton, CheckboxField } from 'react-aria-components';

interface NamedCheckboxProps {
  readonly isSelected: boolean;
  readonly onChange: (isSelected: boolean) => void;
  readonly children: ReactNode;
}

export function NamedCheckbox({ isSelected, onChange, children }: NamedCheckboxProps) {
  return (
    <CheckboxField className="checkbox-field checkbox-named" isSelected={isSelected} onChange={onChange}>
      <CheckboxButton className="checkbox">
        <span className="checkbox-box" aria-hidden>
          {isSelected && <Check className="icon" />}
        </span>
        {children}
      </CheckboxButton>
    </CheckboxField>
  );
}

/** The checkbox of a row, and of all rows, in a table. */
import { Check, Minus } from 'lucide-react';
import { CheckboxButton, CheckboxField } from 'react-aria-components';

export function RowCheckbox() {
  return (
    <CheckboxField slot="selection" className="checkbox-field">
      <CheckboxButton className="checkbox">
        {({ isSelected, isIndeterminate }) => (
          <span className="checkbox-box" aria-hidden>
            {isIndeterminate ? <Minus className="icon" /> : isSelected ? <Check className="icon" /> : null}
          </span>
        )}
      </CheckboxButton>
    </CheckboxField>
  );
}

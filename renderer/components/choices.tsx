/** A choice of one among a few that each need a sentence. */
import { Label, RadioButton, RadioField, RadioGroup } from 'react-aria-components';

export interface Choice<T extends string> {
  readonly id: T;
  readonly name: string;
  readonly why: string;
}

interface ChoicesProps<T extends string> {
  readonly label: string;
  readonly options: readonly Choice<T>[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

export function Choices<T extends string>({ label, options, value, onChange }: ChoicesProps<T>) {
  return (
    <RadioGroup
      className="choices"
      value={value}
      onChange={(id) => {
        const chosen = options.find((option) => option.id === id);
        if (chosen) onChange(chosen.id);
      }}
    >
      <Label className="label">{label}</Label>
      {options.map(({ id, name, why }) => (
        <RadioField key={id} value={id} className="mode-field">
          <RadioButton className="mode">
            <span className="mode-words">
              <span className="mode-name">{name}</span>
              <span className="fine">{why}</span>
            </span>
            <span className="radio-mark" aria-hidden />
          </RadioButton>
        </RadioField>
      ))}
    </RadioGroup>
  );
}

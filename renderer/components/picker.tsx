/** A choice of one among few, as a button that opens a list. */
import { Check, ChevronDown, type LucideIcon } from 'lucide-react';
import {
  Button,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Text,
} from 'react-aria-components';

export interface PickerOption<T extends string> {
  readonly id: T;
  readonly name: string;
}

interface PickerProps<T extends string> {
  readonly label: string;
  /** Shows an icon in place of the label, which stays for screen readers. */
  readonly icon?: LucideIcon;
  readonly description?: string;
  readonly options: readonly PickerOption<T>[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

export function Picker<T extends string>({
  label,
  icon: Icon,
  description,
  options,
  value,
  onChange,
}: PickerProps<T>) {
  return (
    <Select
      className="picker"
      value={value}
      onChange={(key) => {
        const chosen = options.find(({ id }) => id === key);
        if (chosen) onChange(chosen.id);
      }}
    >
      <Label className={Icon ? 'visually-hidden' : 'label'}>{label}</Label>
      <Button className={`button ${Icon ? 'button-quiet' : 'button-outlined picker-button'}`}>
        {Icon && <Icon className="icon" aria-hidden />}
        <SelectValue className="picker-value">{({ selectedText }) => selectedText}</SelectValue>
        <ChevronDown className="icon icon-small" aria-hidden />
      </Button>
      {description && (
        <Text slot="description" className="fine">
          {description}
        </Text>
      )}
      <Popover className="popover">
        <ListBox className="menu" items={options}>
          {({ id, name }) => (
            <ListBoxItem id={id} textValue={name} className="menu-item">
              {({ isSelected }) => (
                <>
                  <span>{name}</span>
                  {isSelected && <Check className="icon icon-small" aria-hidden />}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

/** What may stand at each place of the command line, read from commander's tree of commands and options. */
import type { Argument, Command, Option } from 'commander';

/** What a value is: one of some words, a path, or text that nobody can guess. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'folder' | 'text' };

interface Described {
  /** As it is typed, such as `show` or `--data`. */
  readonly text: string;
  readonly description: string;
}

/** A command, by the words that lead to it. */
export interface Place {
  /** Without the program's name: `block show`, or nothing for the program itself. */
  readonly words: string;
  readonly commands: readonly Described[];
  /** `value` is undefined where an option takes none. */
  readonly options: readonly (Described & { readonly value?: Value })[];
  /** What its arguments are, where that can be guessed. */
  readonly argument?: Value;
}

/** The place of `command` and of all below it. */
export function placesOf(command: Command, words = ''): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const own: Place = {
    words,
    commands: commands.map((one) => ({ text: one.name(), description: one.description() })),
    options: help.visibleOptions(command).map((option) => ({
      text: option.long ?? option.short ?? option.flags,
      description: option.description,
      value: valueKind(option, option.flags),
    })),
    argument: command.registeredArguments
      .map((argument) => valueKind(argument, `<${argument.name()}>`))
      .find((value) => value !== undefined && value.kind !== 'text'),
  };
  return [own, ...commands.flatMap((one) => placesOf(one, `${words} ${one.name()}`.trim()))];
}

function valueKind({ argChoices }: Option | Argument, shown: string): Value | undefined {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  const [, name] = /[<[]([a-z]+)/.exec(shown) ?? [];
  if (name === undefined) return undefined;
  if (name === 'dir') return { kind: 'folder' };
  return { kind: /^files?$/.test(name) ? 'file' : 'text' };
}

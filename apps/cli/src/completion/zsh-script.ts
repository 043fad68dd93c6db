/** Completion for zsh: to be evaluated, or kept as a file `_papyrus` in a folder of `fpath`. */
import type { Place, Value } from './command-places.js';

export function zshScript(name: string, places: readonly Place[]): string {
  const paths = places.filter(({ words }) => words !== '').map(({ words }) => quoted(` ${words}`));
  return `#compdef ${name}
# Completion of ${name} for zsh. In ~/.zshrc, after compinit: eval "$(${name} completion zsh)"
_${name}() {
  local place='' before=$words[CURRENT-1] word
  local -a commands options
  for word in $words[2,CURRENT-1]; do
    case "$place $word" in
      (${paths.join('|')}) place="$place $word" ;;
    esac
  done
  case "$place $before" in
${places.flatMap(valueCases).join('\n')}
  esac
  case "$place" in
${places.map(placeCase).join('\n')}
  esac
}
# Loaded as a function of fpath it runs at once; evaluated it says what it is for.
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function placeCase({ words, commands, options, argument }: Place): string {
  const lines = [
    `    (${quoted(words === '' ? '' : ` ${words}`)})`,
    ...(commands.length > 0 ? [`      commands=(${commands.map(described).join(' ')})`] : []),
    `      options=(${options.map(described).join(' ')})`,
    ...(commands.length > 0 ? ["      _describe 'command' commands"] : []),
    ...(argument === undefined ? [] : [`      ${offer(argument)}`]),
    "      _describe -o 'option' options ;;",
  ];
  return lines.join('\n');
}

function valueCases({ words, options }: Place): string[] {
  const place = words === '' ? '' : ` ${words}`;
  return options.flatMap(({ text, value }) =>
    value === undefined ? [] : [`    (${quoted(`${place} ${text}`)}) ${offer(value)}; return ;;`],
  );
}

function offer(value: Value): string {
  if (value.kind === 'words') return `compadd -- ${value.words.map(quoted).join(' ')}`;
  if (value.kind === 'text') return `_message 'value'`;
  return value.kind === 'folder' ? '_files -/' : '_files';
}

function described({ text, description }: { text: string; description: string }): string {
  return quoted(`${text.replaceAll(':', '\\:')}:${description}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Completion for bash, from 3.2 on; needs no package of completions. */
import type { Place, Value } from './command-places.js';

export function bashScript(name: string, places: readonly Place[]): string {
  const paths = places.filter(({ words }) => words !== '').map(({ words }) => `" ${words}"`);
  return `# Completion of ${name} for bash. In ~/.bashrc: eval "$(${name} completion bash)"
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} place='' word
  # --option=value is three words here.
  [[ $before == = ]] && before=\${COMP_WORDS[COMP_CWORD-2]}
  [[ $current == = ]] && current=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
      ${paths.join('|')}) place="$place $word" ;;
    esac
  done
  COMPREPLY=()
  case "$place $before" in
${places.flatMap(valueCases).join('\n')}
  esac
  if [[ $current == -* ]]; then
    case "$place" in
${places.map((place) => `      "${spaced(place)}") ${words(place.options.map(({ text }) => text))}; return ;;`).join('\n')}
    esac
  fi
  case "$place" in
${places.map((place) => `    "${spaced(place)}") ${hereOf(place)} ;;`).join('\n')}
  esac
}
_${name}_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }
_${name}_paths() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$1" -- "$current"))
  type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
}
complete -F _${name} ${name}
`;

  function words(all: readonly string[]): string {
    return `_${name}_words "${all.join(' ')}"`;
  }

  function offer(value: Value): string {
    if (value.kind === 'words') return words(value.words);
    if (value.kind === 'text') return ':';
    return `_${name}_paths ${value.kind === 'folder' ? '-d' : '-f'}`;
  }

  function valueCases(place: Place): string[] {
    return place.options.flatMap(({ text, value }) =>
      value === undefined ? [] : [`    "${spaced(place)} ${text}") ${offer(value)}; return ;;`],
    );
  }

  /** Where no option is begun: what comes next, options where nothing else can. */
  function hereOf({ commands, options, argument }: Place): string {
    if (commands.length > 0) return words(commands.map(({ text }) => text));
    return argument === undefined ? words(options.map(({ text }) => text)) : offer(argument);
  }
}

function spaced({ words }: Place): string {
  return words === '' ? '' : ` ${words}`;
}

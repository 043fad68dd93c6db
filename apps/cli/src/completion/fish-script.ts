/** Completion for fish: each word with what it means. */
import type { Place, Value } from './command-places.js';

export function fishScript(name: string, places: readonly Place[]): string {
  const paths = places.filter(({ words }) => words !== '').map(({ words }) => quoted(` ${words}`));
  return `# Completion of ${name} for fish. In ~/.config/fish/config.fish: ${name} completion fish | source
function __${name}_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    switch "$place $word"
      case ${paths.join(' ')}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
complete -c ${name} -f
${places.flatMap(linesOf).join('\n')}
`;

  function linesOf({ words, commands, options, argument }: Place): string[] {
    const at = `complete -c ${name} -n ${quoted(`__${name}_at ${quoted(words === '' ? '' : ` ${words}`)}`)}`;
    return [
      ...commands.map(({ text, description }) => `${at} -a ${quoted(text)} -d ${quoted(description)}`),
      ...options.map(({ text, description, value }) => {
        const takes = value === undefined ? '' : ` ${value.kind === 'file' ? '-r' : '-x'}${offered(value)}`;
        return `${at} -l ${text.replace(/^-+/, '')}${takes} -d ${quoted(description)}`;
      }),
      ...(argument === undefined ? [] : [`${at}${offered(argument)}`]),
    ];
  }
}

function offered(value: Value): string {
  if (value.kind === 'words') return ` -a ${quoted(value.words.join(' '))}`;
  if (value.kind === 'folder') return " -a '(__fish_complete_directories)'";
  return value.kind === 'file' ? ' -F' : '';
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

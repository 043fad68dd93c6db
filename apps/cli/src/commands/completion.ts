/** `papyrus completion`: a script that a shell evaluates to complete commands and options. */
import type { Command } from 'commander';
import { bashScript } from '../completion/bash-script.js';
import { placesOf } from '../completion/command-places.js';
import { fishScript } from '../completion/fish-script.js';
import { zshScript } from '../completion/zsh-script.js';
import { type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `shell` is one for which there is a script. */
export function runCompletion(shell: string, program: Command, output: Output): ExitCode {
  const script = scripts[shell as keyof typeof scripts](program.name(), placesOf(program));
  output.line(script.trimEnd());
  output.result({ shell, script });
  return exitCode.ok;
}

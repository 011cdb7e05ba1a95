/** `tinyctr completion SHELL`: a script that asks `tinyctr __complete WORD...` (complete.ts) what may stand there. */
import { UsageError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

/** An answer is `WORD<tab>DESCRIPTION` a line; `:files` alone leaves it to the shell. */
const scripts = {
  bash: `# bash completion for tinyctr:  eval "$(tinyctr completion bash)"
_tinyctr() {
  local answers IFS=$'\\n'
  answers=$(tinyctr __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1)
  if [ "$answers" = :files ]; then
    compopt -o default 2>/dev/null
    COMPREPLY=()
    return
  fi
  COMPREPLY=($answers)
  # bash breaks words at "=" and ":" and completes what is behind them.
  local word=\${COMP_WORDS[COMP_CWORD]} before
  case $COMP_LINE in *:*|*=*)
    for before in ':' '='; do
      [ "\${word#*"$before"}" = "$word" ] || COMPREPLY=("\${COMPREPLY[@]#"\${word%"\${word##*"$before"}"}"}")
    done ;;
  esac
}
complete -o nosort -F _tinyctr tinyctr 2>/dev/null || complete -F _tinyctr tinyctr`,
  zsh: `#compdef tinyctr
# zsh completion for tinyctr:  source <(tinyctr completion zsh)
_tinyctr() {
  local -a answers described
  answers=("\${(@f)$(tinyctr __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${answers[1]} == :files ]]; then
    _files
    return
  fi
  local answer
  for answer in $answers; do
    described+=("\${\${answer%%$'\\t'*}//:/\\\\:}:\${answer#*$'\\t'}")
  done
  _describe tinyctr described
}
if [ "$funcstack[1]" = _tinyctr ]; then _tinyctr "$@"; else compdef _tinyctr tinyctr; fi`,
  fish: `# fish completion for tinyctr:  tinyctr completion fish | source
function __tinyctr_answers
    set -l words (commandline -opc) (commandline -ct)
    set -l answers (tinyctr __complete $words[2..-1] 2>/dev/null)
    if test "$answers" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $answers
    end
end
complete -c tinyctr -f -a '(__tinyctr_answers)'`,
} as const

export const completion = defineCommand({
  usage: 'bash|zsh|fish',
  summary: 'Print a completion script for a shell',
  examples: ['eval "$(tinyctr completion bash)"', 'tinyctr completion fish | source'],
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals: [shell = ''] }) {
    if (!Object.hasOwn(scripts, shell)) {
      const known = Object.keys(scripts).join(', ')
      throw new UsageError(`there is no completion for "${shell}": there is one for ${known}`)
    }
    print(scripts[shell as keyof typeof scripts])
    return 0
  },
})

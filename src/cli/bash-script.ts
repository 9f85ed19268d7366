/** Constants that the shell would complain of when the script is read a second time, as when ~/.bashrc is. */
const CONSTANTS = /^readonly (?=ShellComp)/gm

/** How the library's script learns what was typed: by a function that only the package bash-completion has, and evaluates it. */
const ASKING = /^ {4}local cur prev words cword\n[\s\S]*?^ {4}out=\$\(eval [^\n]*\n/m

/** What was typed up to the cursor, split at blanks alone: bash also splits at `@`, `=` and `:`, and so inside a reference. Nothing of it is run. */
const ASKS = `    local cur words out directive
    local typed="\${COMP_LINE:0:COMP_POINT}"
    read -r -a words <<< "$typed"
    [[ "$typed" == *[[:space:]] ]] && words+=('')
    cur="\${words[\${#words[@]}-1]}"
    out=$(stemma complete -- "\${words[@]:1}" 2>/dev/null)
    # What bash puts in the place of --bump=mi is what stands behind the sign.
    cur="\${cur##*=}"
`

/** The library's script for bash, so that it also works where bash-completion is not installed, and may be read twice. */
export function soundBashScript(script: string): string {
  return script.replace(CONSTANTS, '').replace(ASKING, () => ASKS)
}

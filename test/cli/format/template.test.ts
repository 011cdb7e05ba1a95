/** Go templates: what they print, and what Go says of those that are wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Nil } from '../../../src/cli/format/go-value.ts'
import { compileTemplate } from '../../../src/cli/format/template.ts'

const data = {
  Name: '/web',
  Id: 'abcdef0123456789',
  Pid: 42,
  Running: true,
  Empty: '',
  Zero: 0,
  Ratio: 0.25,
  Args: ['-c', 'echo "a b"'],
  Config: {
    Image: 'alpine',
    Env: ['PATH=/bin', 'A=b=c'],
    Labels: new Map([
      ['b.c', '2'],
      ['a', '1'],
    ]),
  },
  State: { Status: 'running', Health: new Nil('pointer'), OOMKilled: false },
  Networks: new Map([
    ['bridge', { IPAddress: '172.17.0.2' }],
    ['apps', { IPAddress: '10.0.0.3' }],
  ]),
  Nothing: new Nil('map'),
  NoList: new Nil('list'),
}

const prints: [template: string, text: string][] = [
  ['plain', 'plain'],
  ['{{.Name}}', '/web'],
  ['{{ .Config.Image }}!', 'alpine!'],
  ['{{.Pid}} {{.Running}} {{.Ratio}}', '42 true 0.25'],
  ['{{.Args}}', '[-c echo "a b"]'],
  ['{{.State}}', '{running <nil> false}'],
  ['{{.State.Health}} {{.Nothing}} {{.NoList}}', '<nil> map[] []'],
  ['{{.Config.Labels}}', 'map[a:1 b.c:2]'],
  ['{{.Config.Labels.a}} {{.Config.Labels.z}}', '1 <no value>'],
  ['{{index .Config.Labels "b.c"}}|{{index .Config.Labels "z"}}|', '2||'],
  ['{{index .Args 1}} {{index .Config.Env 0}}', 'echo "a b" PATH=/bin'],
  ['{{(index .Networks "apps").IPAddress}}', '10.0.0.3'],
  ['{{json .Args}} {{json .Config.Labels}}', '["-c","echo \\"a b\\""] {"a":"1","b.c":"2"}'],
  ['{{json .State}}', '{"Status":"running","Health":null,"OOMKilled":false}'],
  ['{{json "<a&b>"}}', '"<a&b>"'],
  ['{{range .Args}}[{{.}}]{{end}}', '[-c][echo "a b"]'],
  ['{{range $i, $e := .Args}}{{$i}}={{$e}};{{end}}', '0=-c;1=echo "a b";'],
  ['{{range $k, $v := .Networks}}{{$k}}:{{$v.IPAddress}} {{end}}', 'apps:10.0.0.3 bridge:172.17.0.2 '],
  ['{{range .Networks}}{{.IPAddress}} {{end}}', '10.0.0.3 172.17.0.2 '],
  ['{{range .NoList}}x{{else}}none{{end}}', 'none'],
  ['{{range 3}}{{.}}{{end}}', '012'],
  ['{{range .Args}}{{.}}{{break}}{{end}}', '-c'],
  ['{{range .Config.Env}}{{if eq . "PATH=/bin"}}{{continue}}{{end}}{{.}}{{end}}', 'A=b=c'],
  ['{{range .Config.Env}}{{println .}}{{end}}', 'PATH=/bin\nA=b=c\n'],
  ['{{if .Running}}up{{else}}down{{end}}', 'up'],
  ['{{if .Empty}}a{{else if .Zero}}b{{else if .Pid}}c{{end}}', 'c'],
  ['{{with .Config}}{{.Image}} {{$.Name}}{{end}}', 'alpine /web'],
  ['{{with .Empty}}a{{else}}b{{end}}', 'b'],
  ['{{with .Empty}}a{{else with .Name}}{{.}}{{end}}', '/web'],
  ['{{$x := .Pid}}{{$x}}{{$x = 7}}{{$x}}', '427'],
  ['{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
  ['{{.Name | printf "%s-%d" "a" | len}}', String('a-%!d(string=/web)'.length)],
  [
    '{{printf "%-6s|%6s|%03d|%.2f|%q|%v|%t|%x" "ab" "cd" 7 0.5 "q" .Args true 255}}',
    'ab    |    cd|007|0.50|"q"|[-c echo "a b"]|true|ff',
  ],
  [
    '{{printf "%s %s" "a"}}|{{printf "%d" "x"}}|{{printf "a" 1}}|{{printf "100%%"}}',
    'a %!s(MISSING)|%!d(string=x)|a%!(EXTRA int=1)|100%',
  ],
  ['{{len .Args}} {{len .Name}} {{len .Config.Labels}}', '2 4 2'],
  [
    '{{eq .Pid 42}} {{eq .Name "a" "/web"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}}',
    'true true true true true true false',
  ],
  ['{{and .Running .Name}} {{or .Empty .Pid}} {{not .Empty}} {{and .Zero .Missing.x}}', '/web 42 true 0'],
  ['{{lower "AbC"}} {{upper "abc"}} {{title "hello big world"}}', 'abc ABC Hello Big World'],
  [
    '{{join .Args ","}} {{split "a:b" ":"}} {{truncate .Id 4}} [{{pad "x" 1 2}}] [{{pad "" 1 2}}]',
    '-c,echo "a b" [a b] abcd [ x  ] []',
  ],
  ['{{slice .Name 1}} {{slice .Name 1 2}} {{slice .Args 1}}', 'web w [echo "a b"]'],
  ['{{html "<a>"}} {{js "a\'b"}} {{urlquery "a b&c"}} {{print 1 2 "x" 3}}', "&lt;a&gt; a\\'b a+b%26c 1 2x3"],
  ['a  {{- /* gone */ -}}  b', 'ab'],
  ['a {{- 1 -}} b', 'a1b'],
  ['{{- "x" -}}\n  y', 'xy'],
  ['{{`raw\\n`}}{{"tab\\t\\u00e9"}}{{\'a\'}}', 'raw\\ntab\té97'],
  ['{{define "t"}}<{{.}}>{{end}}{{template "t" .Pid}}{{block "u" 1}}{{.}}{{end}}', '<42>1'],
  ['{{1_000}} {{0x1F}} {{1.5e3}} {{-3}} {{1e21}}', '1000 31 1500 -3 1000000000000000000000'],
  ['{{(eq .Pid 42) | not}}', 'false'],
  ['{{.}}'.replace('.', '.Args'), '[-c echo "a b"]'],
]

for (const [template, text] of prints) {
  test(template, () => {
    // A name that the struct does not have may stand where nobody looks.
    assert.equal(compileTemplate(template).execute(data), text)
  })
}

const wrong: [template: string, message: string][] = [
  ['{{.Foo', 'template: :1: unclosed action'],
  ['{{InvalidFunction}}', 'template: :1: function "InvalidFunction" not defined'],
  ['{{.Name}}\n{{foo}}', 'template: :2: function "foo" not defined'],
  ['{{}}', 'template: :1: missing value for command'],
  ['{{if}}x{{end}}', 'template: :1: missing value for if'],
  ['{{if .A}}', 'template: :1: unexpected EOF'],
  ['{{end}}', 'template: :1: unexpected {{end}}'],
  ['{{else}}', 'template: :1: unexpected {{else}}'],
  ['{{if .A}}{{else}}{{else}}{{end}}', 'template: :1: expected end; found {{else}}'],
  ['{{"abc}}', 'template: :1: unterminated quoted string'],
  ['{{(.A}}', 'template: :1: unclosed left paren'],
  ['{{.A)}}', 'template: :1: unexpected right paren'],
  ['{{$x}}', 'template: :1: undefined variable "$x"'],
  ['{{.A | 1}}', 'template: :1: non executable command in pipeline stage 2'],
  ['{{%}}', "template: :1: unrecognized character in action: U+0025 '%'"],
  ['{{12a}}', 'template: :1: bad number syntax: "12a"'],
  ['{{/* x}}', 'template: :1: unclosed comment'],
  ['{{break}}', 'template: :1: {{break}} outside {{range}}'],
  ['{{.Name | | .Pid}}', 'template: :1: unexpected "|" in command'],
  ['{{nil}}', 'template: :1:2: executing "" at <nil>: nil is not a command'],
  ['{{.Foo}}', 'template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type struct'],
  [
    '{{.State.Foo}}',
    'template: :1:8: executing "" at <.State.Foo>: can\'t evaluate field Foo in type struct',
  ],
  ['{{.Name.Foo}}', 'template: :1:7: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type string'],
  [
    '{{.State.Health.Status}}',
    'template: :1:8: executing "" at <.State.Health.Status>: nil pointer evaluating interface {}.Status',
  ],
  [
    '\n{{index .Args 5}}',
    'template: :2:2: executing "" at <index .Args 5>: error calling index: index out of range: 5',
  ],
  [
    '{{index .Pid 1}}',
    'template: :1:2: executing "" at <index .Pid 1>: error calling index: can\'t index item of type int',
  ],
  ['{{lower 5}}', 'template: :1:8: executing "" at <5>: expected string; found 5'],
  [
    '{{lower .Pid}}',
    'template: :1:8: executing "" at <.Pid>: wrong type for value; expected string; got int',
  ],
  ['{{lower}}', 'template: :1:2: executing "" at <lower>: wrong number of args for lower: want 1 got 0'],
  ['{{len .Pid}}', 'template: :1:2: executing "" at <len .Pid>: error calling len: len of type int'],
  [
    '{{eq .Pid "a"}}',
    'template: :1:2: executing "" at <eq .Pid "a">: error calling eq: incompatible types for comparison',
  ],
  [
    '{{range .Pid.x}}{{end}}',
    'template: :1:12: executing "" at <.Pid.x>: can\'t evaluate field x in type int',
  ],
  ['{{range .Running}}{{end}}', 'template: :1:8: executing "" at <.Running>: range can\'t iterate over true'],
  ['{{template "x"}}', 'template: :1:11: executing "" at <{{template "x"}}>: template "x" not defined'],
  [
    '{{.Name "x"}}',
    'template: :1:2: executing "" at <.Name>: Name has arguments but cannot be invoked as function',
  ],
]

for (const [template, message] of wrong) {
  test(`${template} is wrong`, () => {
    assert.throws(() => compileTemplate(template).execute(data), { message })
  })
}

test('a missing key is an error where it is asked to be', () => {
  assert.throws(() => compileTemplate('{{.Config.Labels.z}}').executeWith(data, { missingKeyFails: true }), {
    message: 'template: :1:9: executing "" at <.Config.Labels.z>: map has no entry for key "z"',
  })
})

// Package tap is as much of github.com/mndrix/tap-go as the validation suite calls: Debian has no package of it.
package tap

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// T counts the tests of one program and prints them as TAP 13 on its standard output.
type T struct {
	printed *int
	todo    string
}

// New is a T that has printed nothing yet.
func New() *T { return &T{printed: new(int)} }

// Todo is the same T, for a test that is known to fail.
func (t *T) Todo() *T { return &T{printed: t.printed, todo: " # TODO"} }

// Header begins the output; a plan comes with it when the number of tests is known.
func (t *T) Header(count int) {
	fmt.Println("TAP version 13")
	if count > 0 {
		fmt.Printf("1..%d\n", count)
	}
}

// Ok is one test and how it ended.
func (t *T) Ok(ended bool, description string) {
	*t.printed++
	word := "ok"
	if !ended {
		word = "not ok"
	}
	fmt.Printf("%s %d -%s %s\n", word, *t.printed, t.todo, description)
}

// Pass is a test that ended well.
func (t *T) Pass(description string) { t.Ok(true, description) }

// Fail is a test that did not.
func (t *T) Fail(description string) { t.Ok(false, description) }

// Skip is a number of tests that were not run.
func (t *T) Skip(count int, description string) {
	for ; count > 0; count-- {
		*t.printed++
		fmt.Printf("ok %d # SKIP %s\n", *t.printed, description)
	}
}

// AutoPlan ends the output with as many tests as there were.
func (t *T) AutoPlan() { fmt.Printf("1..%d\n", *t.printed) }

// Diagnostic is a comment, each line marked as one.
func (t *T) Diagnostic(message string) {
	fmt.Println("# " + strings.ReplaceAll(message, "\n", "\n# "))
}

// Diagnosticf is a comment that is put together first.
func (t *T) Diagnosticf(format string, values ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, values...))
}

// YAML is what belongs to the test before it, as JSON, which is YAML.
func (t *T) YAML(value interface{}) error {
	encoded, err := json.MarshalIndent(value, "  ", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "  ---\n  %s\n  ...\n", encoded)
	return err
}

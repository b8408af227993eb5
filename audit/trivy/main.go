// Evaluates Trivy's checks for Kubernetes, which are Rego, over the manifests of a folder: one object in each JSON file. Trivy
// itself is far larger than what this takes of it, and its checks ask it for one function only.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	checks "github.com/aquasecurity/trivy-checks"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/types"
)

// check is one rule: its own fields of the annotations above its package.
type check struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	query    rego.PreparedEvalQuery
}

type finding struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	File     string `json:"file"`
}

type report struct {
	Checks   int       `json:"checks"`
	Passed   int       `json:"passed"`
	Findings []finding `json:"findings"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: trivy <folder of manifests as JSON>"))
	}
	all, err := prepared(context.Background())
	if err != nil {
		fail(err)
	}
	said, err := judge(context.Background(), all, os.Args[1])
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// prepared compiles the library and all checks for Kubernetes once, and a query for each check.
func prepared(ctx context.Context) ([]check, error) {
	modules := map[string]*ast.Module{}
	for _, part := range []struct {
		files fs.FS
		root  string
	}{
		{checks.EmbeddedLibraryFileSystem, "lib/kubernetes"},
		{checks.EmbeddedLibraryFileSystem, "lib/cloud/metadata.rego"},
		{checks.EmbeddedPolicyFileSystem, "checks/kubernetes"},
	} {
		err := fs.WalkDir(part.files, part.root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, "_test.rego") {
				return err
			}
			text, err := fs.ReadFile(part.files, path)
			if err != nil {
				return err
			}
			options := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1}
			module, err := ast.ParseModuleWithOpts(path, string(text), options)
			if err == nil {
				modules[path] = module
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	result := &ast.Builtin{Name: "result.new", Decl: types.NewFunction(types.Args(types.S, types.A), types.A)}
	capabilities := ast.CapabilitiesForThisVersion()
	capabilities.Builtins = append(capabilities.Builtins, result)
	compiler := ast.NewCompiler().WithCapabilities(capabilities)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	paths := make([]string, 0, len(modules))
	for path := range modules {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	all := []check{}
	for _, path := range paths {
		module := modules[path]
		one, isCheck := described(module)
		if !isCheck {
			continue
		}
		query, err := rego.New(
			rego.Query(module.Package.Path.String()+".deny"),
			rego.Compiler(compiler),
			rego.Function2(&rego.Function{Name: result.Name, Decl: result.Decl}, newResult),
		).PrepareForEval(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		one.query = query
		all = append(all, one)
	}
	return all, nil
}

// newResult is the function that Trivy gives its checks: a message and what it is about.
func newResult(_ rego.BuiltinContext, message, about *ast.Term) (*ast.Term, error) {
	return ast.ObjectTerm([2]*ast.Term{ast.StringTerm("msg"), message}, [2]*ast.Term{ast.StringTerm("about"), about}), nil
}

// described reads the annotations of a check; libraries, and checks that Trivy no longer runs, are none.
func described(module *ast.Module) (check, bool) {
	for _, annotations := range module.Annotations {
		if annotations.Scope != "package" || annotations.Custom == nil {
			continue
		}
		text := func(key string) string {
			value, _ := annotations.Custom[key].(string)
			return value
		}
		if deprecated, _ := annotations.Custom["deprecated"].(bool); deprecated || text("id") == "" {
			continue
		}
		return check{ID: text("id"), Title: annotations.Title, Severity: text("severity")}, true
	}
	return check{}, false
}

func judge(ctx context.Context, all []check, folder string) (report, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return report{}, err
	}
	said := report{Checks: len(all), Findings: []finding{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return report{}, err
		}
		var object any
		if err := json.Unmarshal(text, &object); err != nil {
			return report{}, fmt.Errorf("%s: %w", file, err)
		}
		for _, one := range all {
			results, err := one.query.Eval(ctx, rego.EvalInput(object))
			if err != nil {
				return report{}, fmt.Errorf("%s on %s: %w", one.ID, file, err)
			}
			if !denies(results) {
				said.Passed++
				continue
			}
			said.Findings = append(said.Findings, finding{one.ID, one.Title, one.Severity, filepath.Base(file)})
		}
	}
	return said, nil
}

func denies(results rego.ResultSet) bool {
	for _, result := range results {
		for _, expression := range result.Expressions {
			if found, isList := expression.Value.([]any); isList && len(found) > 0 {
				return true
			}
		}
	}
	return false
}

module millrace.local/vulndb

go 1.26.0

// The newest that the proxy has: `go list -m golang.org/x/vulndb@latest`, then `go mod download -json` for the lines of go.sum.
require golang.org/x/vulndb v0.0.0-20261105234957-e22db6528018

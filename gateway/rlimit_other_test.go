//go:build !unix

package gateway_test

// descriptorLimit is unknown here.
func descriptorLimit() int { return 0 }

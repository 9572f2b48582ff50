// Package word is what both programs share.
package word

// Value is set by the linker.
var Value = "unset"

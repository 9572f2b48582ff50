package token

import (
	"strings"
	"testing"
)

var ca = []byte("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")

func TestTheFullFormIsReadBack(t *testing.T) {
	got, err := Parse(Format(ca, "server", "pass:word") + "\n")
	if err != nil || got.User != "server" || got.Password != "pass:word" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := got.Verify(ca); err != nil {
		t.Fatal(err)
	}
}

func TestATokenOfAnotherClusterIsRefused(t *testing.T) {
	got, _ := Parse(Format(ca, "server", "secret"))
	err := got.Verify(append([]byte("\n"), ca...))
	if err == nil || !strings.Contains(err.Error(), got.CAHash) {
		t.Fatalf("got %v", err)
	}
}

func TestWhatIsNoTokenIsRefusedWithoutPrintingIt(t *testing.T) {
	for _, text := range []string{"", " \n", "K10abc::server:hush", "hush hush", "K10" + strings.Repeat("z", 64) + "::server:hush"} {
		if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("Parse(%q): got %v", text, err)
		}
	}
}

func TestABarePasswordIsAToken(t *testing.T) {
	if got, err := Parse("hush"); err != nil || got != (Token{Password: "hush"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestGeneratedTokensDiffer(t *testing.T) {
	if a, b := Generate(), Generate(); a == b || len(a) != 32 {
		t.Fatalf("got %q and %q", a, b)
	}
}

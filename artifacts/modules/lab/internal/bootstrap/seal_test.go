package bootstrap

import (
	"bytes"
	"errors"
	"testing"
)

var files = Files{"server-ca.crt": []byte("certificate"), "server-ca.key": []byte("private")}

func sealedFiles(t *testing.T) []byte {
	t.Helper()
	data, err := Seal(files, "hush")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheTokenOpensWhatItSealed(t *testing.T) {
	got, err := Open(sealedFiles(t), "hush")
	if err != nil || !bytes.Equal(got["server-ca.key"], files["server-ca.key"]) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestAWrongTokenOpensNothing(t *testing.T) {
	for _, password := range []string{"", "husH", "hush ", "another"} {
		got, err := Open(sealedFiles(t), password)
		if !errors.Is(err, ErrWrongToken) || got != nil {
			t.Errorf("password %q: got %v, %v", password, got, err)
		}
	}
}

func TestNothingOfTheKeysIsReadableInTheDatastore(t *testing.T) {
	if data := sealedFiles(t); bytes.Contains(data, []byte("private")) || bytes.Contains(data, []byte("hush")) {
		t.Fatal("the sealed data shows what it seals")
	}
}

func TestAChangedByteIsNoBootstrapData(t *testing.T) {
	data := sealedFiles(t)
	at := bytes.Index(data, []byte(`"data":"`)) + len(`"data":"`)
	data[at] ^= 1
	if _, err := Open(data, "hush"); err == nil {
		t.Fatal("a changed byte went unseen")
	}
}

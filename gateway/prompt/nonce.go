package prompt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Nonce makes the fence's key: unguessable without the secret, and the same for the same
// conversation and turn, so that the requests of a tool loop share their prefix.
// conversation is whatever identifies it, such as the messages up to the question.
func Nonce(secret, conversation []byte, turn int) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("ragway fence\x00"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(turn)))
	mac.Write(conversation)
	return hex.EncodeToString(mac.Sum(nil)[:8]) // 64 bits: one guess a request
}

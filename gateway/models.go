package gateway

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"ragway/gateway/wire"
)

// modelList is how an API lists models.
type modelList struct {
	api    API
	member string                   // that holds the models
	empty  string                   // a list of none
	entry  func(name string) []byte // of a virtual model
}

var modelLists = map[API]modelList{
	OpenAI: {OpenAI, "data", `{"object":"list","data":[]}`, func(name string) []byte {
		return marshal(struct {
			ID      string `json:"id"`
			Object  string `json:"object"`
			Created int    `json:"created"`
			OwnedBy string `json:"owned_by"`
		}{name, "model", 0, "ragway"})
	}},
	Anthropic: {Anthropic, "data", `{"data":[],"has_more":false,"first_id":null,"last_id":null}`, func(name string) []byte {
		return marshal(struct {
			Type        string `json:"type"`
			ID          string `json:"id"`
			DisplayName string `json:"display_name"`
			CreatedAt   string `json:"created_at"`
		}{"model", name, name, "1970-01-01T00:00:00Z"})
	}},
	Gemini: {Gemini, "models", `{"models":[]}`, func(name string) []byte {
		return marshal(struct {
			Name    string   `json:"name"`
			Display string   `json:"displayName"`
			Methods []string `json:"supportedGenerationMethods"`
		}{"models/" + name, name, []string{geminiWhole, geminiStream}})
	}},
}

// models lists what the upstreams serve, and after it the virtual models.
func (s *Server) models(c *gin.Context) {
	api := OpenAI
	if c.GetHeader("Anthropic-Version") != "" {
		api = Anthropic
	}
	s.listModels(c, modelLists[api])
}

func (s *Server) geminiModels(c *gin.Context) { s.listModels(c, modelLists[Gemini]) }

func (s *Server) listModels(c *gin.Context, list modelList) {
	names := slices.Sorted(maps.Keys(s.policy.Load().Models))
	reply, err := s.call(c, Call{Method: http.MethodGet, Path: "/models", Query: withoutKey(c.Request.URL), API: list.api})
	switch {
	case errors.Is(err, ErrNotServed):
		c.Data(http.StatusOK, jsonType, list.with([]byte(list.empty), names))
		return
	case err != nil:
		s.answerError(c, err)
		return
	}
	defer closeBody(reply.Body)
	data, err := s.readReply(reply)
	if err != nil {
		s.answerError(c, err)
		return
	}
	if reply.Status == http.StatusOK {
		data = list.with(data, names)
	}
	s.answerBytes(c, reply, data)
}

// with adds virtual models to a list. Other JSON stays as it is.
func (l modelList) with(list []byte, names []string) []byte {
	if len(names) == 0 {
		return list
	}
	var elements []byte
	for i, name := range names {
		if i > 0 {
			elements = append(elements, ',')
		}
		elements = append(elements, l.entry(name)...)
	}
	out, ok := wire.AddToList(list, l.member, elements)
	if !ok {
		return list
	}
	return out
}

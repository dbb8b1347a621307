# Builds, checks and installs the toolchain; see README.md.
#
#   make            the programs, into build/bin and build/lib
#   make check      all tests            make demo     a real network, end to end
#   make bench      time and memory      make install  PREFIX=/usr/local DESTDIR=
#   make SANITIZE=1 with address and undefined-behaviour sanitizers, into build/sanitize

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
CXX     ?= c++
VERSION := 0.1.0

O := build$(if $(SANITIZE),/sanitize)$(VARIANT)
PYTHON ?= $(firstword $(wildcard build/venv/bin/python) python3)

OPTIMIZE ?= -O2 -g
comma := ,
SANITIZER = $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS_ALL := -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -ffp-contract=off \
              -DVERSION='"$(VERSION)"' -I. -I$(O) $(OPTIMIZE) $(SANITIZER) $(CFLAGS)
CXXFLAGS_ALL := -std=c++17 -Wall -Wextra -Werror -fPIC -I. $(OPTIMIZE) $(CXXFLAGS)
LIBS := -ldeflate -lm

COMMANDS := pt2pnnx pnnxshape pnnxopt pnnx2ncnn pnnx2py pnnx
LIBRARY  := $(patsubst %.c,$(O)/%.o,$(wildcard common/*.c common/*/*.c formats/*.c)) $(O)/common/signatures.txt.o
PROGRAMS := $(COMMANDS:%=$(O)/bin/%)
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGRAMS) $(O)/lib/torchscript.so

# One program: its C files and its embedded *.rules, with the library.
define PROGRAM
$(O)/bin/$(1): $(patsubst %.c,$(O)/%.o,$(wildcard cmd/$(1)/*.c)) \
               $(patsubst %,$(O)/%.o,$(wildcard cmd/$(1)/*.rules)) $(O)/libpnnx.a
	@mkdir -p $$(@D)
	$(CC) $$(CFLAGS_ALL) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) $(if $(filter pt2pnnx,$(1)),-ldl)
endef
$(foreach c,$(COMMANDS),$(eval $(call PROGRAM,$(c))))

$(O)/libpnnx.a: $(LIBRARY)
	@rm -f $@
	$(AR) rcs $@ $^

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(O)/common/element.o: CFLAGS_ALL += $(if $(findstring -O2,$(OPTIMIZE)),-O3) # whole weights go through its loops

# A text file as an object: const char NAME_text[], const size_t NAME_text_size, NAME from the file's name.
$(O)/%.rules.o: %.rules scripts/embed
	@mkdir -p $(@D)
	scripts/embed $< > $(O)/$*.rules.c
	$(CC) $(CFLAGS_ALL) -c -o $@ $(O)/$*.rules.c
$(O)/%.txt.o: %.txt scripts/embed
	@mkdir -p $(@D)
	scripts/embed $< > $(O)/$*.txt.c
	$(CC) $(CFLAGS_ALL) -c -o $@ $(O)/$*.txt.c

# The one file of C++: the libtorch reader, a shared object that pt2pnnx opens when it meets TorchScript.
TORCH_FLAGS = $(shell TORCH='$(TORCH)' PYTHON='$(PYTHON)' scripts/find-torch)
$(O)/lib/torchscript.so: formats/torchscript.cc formats/torchscript.h
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS_ALL) -shared -o $@ $< $(TORCH_FLAGS)

-include test/test.mk

# The reader lies where pt2pnnx looks for it: ../lib, or ../lib/pnnx, seen from its own folder.
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pnnx $(DESTDIR)$(PREFIX)/share/pnnx
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(O)/lib/torchscript.so $(DESTDIR)$(PREFIX)/lib/pnnx
	install -m 644 scripts/pnnx.mk $(DESTDIR)$(PREFIX)/share/pnnx
	for page in man/*.[1-9]; do \
	    section=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; \
	    install -d "$$section" && install -m 644 "$$page" "$$section" || exit 1; done

clean:
	rm -rf $(O)/bin $(O)/lib $(O)/common $(O)/formats $(O)/cmd $(O)/test $(O)/libpnnx.a

format:
	@scripts/format $(wildcard */*.[ch] */*.cc common/*/*.[ch] cmd/*/*.[ch])

-include $(wildcard $(O)/*/*.d $(O)/*/*/*.d)
.PHONY: all clean format check demo bench install

/* M/M/c+M as plain C: one binary heap of events, abandonments in order of time, idle agents in order of idleness.
   Arguments: agents, contacts a minute, mean talk (min), mean patience (min), contacts, seed.
   Prints contacts per second of processor time, the share abandoned, and the mean wait of the answered (min). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct { double at; int32_t kind, who; } Event; /* kind: 0 arrival, 1 end of a talk, 2 patience ends */

static Event *heap;
static size_t size;
static uint64_t state[4];

static inline uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t next_bits(void) { /* xoshiro256+, Blackman and Vigna */
    uint64_t result = state[0] + state[3], shifted = state[1] << 17;
    state[2] ^= state[0]; state[3] ^= state[1]; state[1] ^= state[2]; state[0] ^= state[3];
    state[2] ^= shifted; state[3] = rotate(state[3], 45);
    return result;
}

static inline double exponential(double mean) { return -mean * log(((next_bits() >> 11) + 0.5) * 0x1p-53); }

static void push(double at, int kind, int who) {
    size_t place = size++;
    while (place > 0) {
        size_t above = (place - 1) / 2;
        if (heap[above].at <= at) break;
        heap[place] = heap[above];
        place = above;
    }
    heap[place] = (Event){at, kind, who};
}

static Event pop(void) {
    Event first = heap[0], moved = heap[--size];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= size) break;
        if (child + 1 < size && heap[child + 1].at < heap[child].at) child++;
        if (heap[child].at >= moved.at) break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = moved;
    return first;
}

int main(int count, char **said) {
    if (count != 7) return 2;
    int agents = atoi(said[1]);
    double gap = 1.0 / atof(said[2]), talk = atof(said[3]), patience = atof(said[4]);
    long contacts = atol(said[5]);
    for (int i = 0; i < 4; i++) state[i] = 0x9E3779B97F4A7C15u * (uint64_t)(atol(said[6]) * 4 + i + 1);
    int slots = 1 << 20, mask = slots - 1;
    heap = malloc(sizeof(Event) * (size_t)(2 * slots));
    double *since = malloc(sizeof(double) * slots);
    char *waits = calloc(slots, 1);
    int *line = malloc(sizeof(int) * slots), *idle = malloc(sizeof(int) * agents);
    long head = 0, tail = 0, idle_head = 0, idle_tail = agents, arrived = 0, abandoned = 0, answered = 0;
    double waited = 0.0;
    for (int i = 0; i < agents; i++) idle[i] = i;
    clock_t began = clock();
    push(exponential(gap), 0, 0);
    while (size > 0) {
        Event event = pop();
        if (event.kind == 0) {
            int who = (int)(arrived++ & mask);
            if (arrived < contacts) push(event.at + exponential(gap), 0, 0);
            if (idle_head < idle_tail) {
                answered++;
                push(event.at + exponential(talk), 1, idle[idle_head++ % agents]);
            } else {
                since[who] = event.at;
                waits[who] = 1;
                line[tail++ & mask] = who;
                push(event.at + exponential(patience), 2, who);
            }
        } else if (event.kind == 1) {
            while (head < tail && !waits[line[head & mask]]) head++;
            if (head < tail) {
                int who = line[head++ & mask];
                waits[who] = 0;
                waited += event.at - since[who];
                answered++;
                push(event.at + exponential(talk), 1, event.who);
            } else {
                idle[idle_tail++ % agents] = event.who;
            }
        } else if (waits[event.who] && since[event.who] <= event.at) {
            waits[event.who] = 0;
            abandoned++;
        }
    }
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("%.0f %.6f %.6f\n", contacts / seconds, (double)abandoned / contacts, waited / answered);
    return 0;
}

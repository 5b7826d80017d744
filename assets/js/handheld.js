// The handheld pages. A bundle of its own: one scan box, three sounds, and a count that goes on without a network.
import "./hand_scan.js";
import "./hand_count.js";

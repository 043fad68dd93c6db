// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";

/// Terms and boxes of a channel as the code of a contract that does nothing: a third of the gas of storage
/// to write, and one EXTCODECOPY instead of a dozen SLOADs to read. The code is STOP ‖ abi.encode(terms,
/// boxes joined).
library TermsCode {
    error TermsNotStored();

    /// Words of the head of the encoded terms; the participants' array is its first tail.
    uint256 private constant HEAD_WORDS = 24;
    uint256 private constant PARTICIPANTS_MAX = 16;
    /// Two offsets stand before the head of the terms, one STOP byte before everything.
    uint256 private constant HEAD_AT = 1 + 2 * 32;
    uint256 private constant BOX_BYTES = 104;

    /// `joined`: the boxes in participant order, one after the other.
    function store(ChannelTerms calldata terms, bytes memory joined) internal returns (address place) {
        bytes memory code = bytes.concat(hex"00", abi.encode(terms, joined));
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: returns what follows these ten
        // bytes.
        bytes memory creation =
            bytes.concat(hex"61", bytes2(uint16(code.length)), hex"80600a5f395ff3", code);
        assembly ("memory-safe") {
            place := create(0, add(creation, 0x20), mload(creation))
        }
        if (place == address(0)) revert TermsNotStored();
    }

    /// The numbers and the participants of the terms; roles, blockMaxNano, reducer and
    /// reducerParameters are left EMPTY.
    function hot(address place) internal view returns (ChannelTerms memory terms) {
        uint256 size = (HEAD_WORDS + 1 + PARTICIPANTS_MAX) * 32;
        assembly ("memory-safe") {
            // A struct in memory is one word a field, as the head of its encoding is; a dynamic field is a
            // pointer.
            terms := mload(0x40)
            mstore(0x40, add(terms, size))
            extcodecopy(place, terms, HEAD_AT, size)
            mstore(terms, add(terms, mul(HEAD_WORDS, 32)))
            // 0x60 always holds zero: the empty array.
            mstore(add(terms, 32), 0x60)
            mstore(add(terms, 64), 0x60)
            mstore(add(terms, 160), 0x60)
            mstore(add(terms, 192), 0x60)
        }
    }

    function whole(address place) internal view returns (ChannelTerms memory terms, bytes[] memory boxes) {
        bytes memory encoded = new bytes(place.code.length - 1);
        assembly ("memory-safe") {
            extcodecopy(place, add(encoded, 0x20), 1, mload(encoded))
        }
        bytes memory joined;
        (terms, joined) = abi.decode(encoded, (ChannelTerms, bytes));
        boxes = new bytes[](joined.length / BOX_BYTES);
        for (uint256 i = 0; i < boxes.length; i++) {
            boxes[i] = boxAt(joined, i);
        }
    }

    function boxAt(bytes memory joined, uint256 index) private pure returns (bytes memory box) {
        box = new bytes(BOX_BYTES);
        assembly ("memory-safe") {
            mcopy(add(box, 0x20), add(add(joined, 0x20), mul(index, BOX_BYTES)), BOX_BYTES)
        }
    }
}

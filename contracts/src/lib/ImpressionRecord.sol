// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A record of 64 bytes as two words, `head` and `tail`, and what makes it well-formed (wire-formats.md 3).
/// Its integers are little-endian. Sets of participants are bits, participant i at bit i.
library ImpressionRecord {
    uint256 internal constant BYTES = 64;
    uint8 internal constant WIN = 1;
    uint8 internal constant AUDIT = 2;
    /// Counterparty of an audit that speaks for every seller.
    uint8 internal constant EVERY_SELLER = 255;

    uint32 private constant VIEWABLE = 2;
    uint32 private constant INVALID_TRAFFIC = 8 | 16;
    uint32 private constant TEST = 32;
    uint32 private constant AUDIT_FLAGS = 63;
    uint8 private constant VERSION = 1;
    uint8 private constant SSP = 3;
    uint8 private constant PUBLISHER = 4;
    uint8 private constant AUDITOR = 5;

    /// Participants that sell and participants that audit; all roles beyond the 256th are overlooked.
    function sidesOf(uint8[] memory roles) internal pure returns (uint256 sellers, uint256 auditors) {
        for (uint256 i = 0; i < roles.length; i++) {
            if (roles[i] == SSP || roles[i] == PUBLISHER) sellers |= 1 << i;
            if (roles[i] == AUDITOR) auditors |= 1 << i;
        }
    }

    /// The two words of the record at `index` of records that stand one after the other.
    function wordsAt(bytes calldata records, uint256 index)
        internal
        pure
        returns (bytes32 head, bytes32 tail)
    {
        uint256 from = index * BYTES;
        head = bytes32(records[from:from + 32]);
        tail = bytes32(records[from + 32:from + BYTES]);
    }

    function hashOf(bytes32 head, bytes32 tail) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(head, tail));
    }

    /// The first field that the format or the channel refuses; empty for a well-formed record.
    function fault(uint256 sellers, uint256 auditors, uint64 priceNanoMax, bytes32 head, bytes32 tail)
        internal
        pure
        returns (string memory)
    {
        uint8 kind = kindOf(head);
        if (kind != WIN && kind != AUDIT) return "kind";
        if (uint8(head[1]) != VERSION) return "version";
        return kind == WIN
            ? winFault(sellers, priceNanoMax, head, tail)
            : auditFault(sellers, auditors, head, tail);
    }

    function kindOf(bytes32 head) internal pure returns (uint8) {
        return uint8(head[0]);
    }

    function authorOf(bytes32 head) internal pure returns (uint8) {
        return uint8(head[2]);
    }

    function counterpartyOf(bytes32 head) internal pure returns (uint8) {
        return uint8(head[3]);
    }

    /// Equal for records of one kind that one author wrote towards one counterparty.
    function statementOf(bytes32 head) internal pure returns (bytes4) {
        return bytes4(head);
    }

    function impressionKeyOf(bytes32 head) internal pure returns (bytes16) {
        return bytes16(head << 128);
    }

    function priceNanoOf(bytes32 tail) internal pure returns (uint64) {
        return littleEndian64(bytes8(tail));
    }

    function isTest(bytes32 head) internal pure returns (bool) {
        return flagsOf(head) & TEST != 0;
    }

    function isViewable(bytes32 head) internal pure returns (bool) {
        return flagsOf(head) & VIEWABLE != 0;
    }

    function isInvalidTraffic(bytes32 head) internal pure returns (bool) {
        return flagsOf(head) & INVALID_TRAFFIC != 0;
    }

    /// The integer whose eight bytes stand least significant first.
    function littleEndian64(bytes8 field) internal pure returns (uint64 value) {
        value = uint64(field);
        value = ((value & 0xff00ff00ff00ff00) >> 8) | ((value & 0x00ff00ff00ff00ff) << 8);
        value = ((value & 0xffff0000ffff0000) >> 16) | ((value & 0x0000ffff0000ffff) << 16);
        value = (value >> 32) | (value << 32);
    }

    /// A win is the payer's towards a seller or a seller's towards the payer.
    function winFault(uint256 sellers, uint64 priceNanoMax, bytes32 head, bytes32 tail)
        private
        pure
        returns (string memory)
    {
        uint8 author = authorOf(head);
        uint8 counterparty = counterpartyOf(head);
        if (author == 0) {
            if (!isIn(sellers, counterparty)) return "counterparty";
        } else {
            if (!isIn(sellers, author)) return "author";
            if (counterparty != 0) return "counterparty";
        }
        if (flagsOf(head) & ~TEST != 0) return "flags";
        return priceNanoOf(tail) > priceNanoMax ? "priceNano" : "";
    }

    function auditFault(uint256 sellers, uint256 auditors, bytes32 head, bytes32 tail)
        private
        pure
        returns (string memory)
    {
        if (!isIn(auditors, authorOf(head))) return "author";
        uint8 counterparty = counterpartyOf(head);
        if (counterparty != EVERY_SELLER && !isIn(sellers, counterparty)) return "counterparty";
        if (flagsOf(head) & ~AUDIT_FLAGS != 0) return "flags";
        return priceNanoOf(tail) != 0 ? "priceNano" : "";
    }

    function flagsOf(bytes32 head) private pure returns (uint32) {
        return uint32(littleEndian64(bytes8(head)) >> 32);
    }

    function isIn(uint256 participants, uint8 participant) private pure returns (bool) {
        return (participants >> participant) & 1 == 1;
    }
}
